/** Where steps are done. */
import type { PackedError } from '../base/packed-error.ts';
import type { Step } from './steps.ts';

/** Of one step, in milliseconds. */
export interface StepTimes {
  readonly wholeMs: number;
  /** Of it, waiting for files. */
  readonly filesMs: number;
}

/** What a step gives; its error as it passes between threads. */
export type StepAnswer = ({ readonly value: unknown } | { readonly error: PackedError }) & {
  readonly times?: StepTimes;
};

export interface StepPlace {
  /** Rejects when whoever does the step died, and with the reason of `signal`. */
  run(step: Step, signal?: AbortSignal): Promise<StepAnswer>;
  close(): Promise<void>;
}
