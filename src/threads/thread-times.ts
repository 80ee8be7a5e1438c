/** What threads spend their time on. */
import { clockMs } from '../base/clock.ts';
import { fileMs } from '../base/file-time.ts';
import { packError } from '../base/packed-error.ts';
import type { StepAnswer, StepTimes } from './step-place.ts';

/** Of all threads of a pool together since it was made. */
export interface ThreadSeconds {
  readonly computing: number;
  /** Waiting for files that are read and written. */
  readonly files: number;
  /** Waiting for something to do: for jobs, and for volumes that are inflated on the way to them. */
  readonly jobs: number;
}

/** Does a step. Its error is given back, not thrown: a thrown one would lose its class and fields on the way to another thread. */
export function timedStep(work: () => unknown): StepAnswer {
  const begin = clockMs();
  const before = fileMs();
  const times = () => ({ wholeMs: clockMs() - begin, filesMs: fileMs() - before });
  try {
    const value = work();
    return { value, times: times() };
  } catch (error) {
    return { error: packError(error), times: times() };
  }
}

export class ThreadClock {
  readonly #threads: number;
  readonly #begin = clockMs();
  #wholeMs = 0;
  #filesMs = 0;

  constructor(threads: number) {
    this.#threads = threads;
  }

  add({ wholeMs, filesMs }: StepTimes): void {
    this.#wholeMs += wholeMs;
    this.#filesMs += filesMs;
  }

  seconds(): ThreadSeconds {
    const allMs = this.#threads * (clockMs() - this.#begin);
    const seconds = (ms: number) => Math.round(1000 * Math.max(0, ms)) / 1e6;
    return {
      computing: seconds(this.#wholeMs - this.#filesMs),
      files: seconds(this.#filesMs),
      jobs: seconds(allMs - this.#wholeMs),
    };
  }
}
