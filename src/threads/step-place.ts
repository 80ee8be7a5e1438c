/** Where steps are done. */
import type { PackedError } from '../base/packed-error.ts';
import type { Step } from './steps.ts';

/** What a step gives; its error as it passes between threads. */
export type StepAnswer = { readonly value: unknown } | { readonly error: PackedError };

export interface StepPlace {
  /** Rejects when whoever does the step died, and with the reason of `signal`. */
  run(step: Step, signal?: AbortSignal): Promise<StepAnswer>;
  close(): Promise<void>;
}
