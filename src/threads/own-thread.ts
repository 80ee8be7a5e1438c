/** Steps done by the thread that asks for them: for so little work that a thread of its own would take longer to start. */
import { setImmediate as turn } from 'node:timers/promises';
import { packError } from '../base/packed-error.ts';
import type { StepAnswer, StepPlace } from './step-place.ts';
import type { Step } from './steps.ts';
import { StepRunner } from './thread-steps.ts';

export class OwnThread implements StepPlace {
  readonly #runner = new StepRunner();

  /** Copied as between threads: what a step gives may lie in memory that the next one uses. */
  async run(step: Step, signal?: AbortSignal): Promise<StepAnswer> {
    // Interrupts and progress come between steps.
    await turn();
    signal?.throwIfAborted();
    try {
      return { value: structuredClone(this.#runner.run(step)) };
    } catch (error) {
      return { error: packError(error) };
    }
  }

  async close(): Promise<void> {}
}
