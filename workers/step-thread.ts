/** Entry point of the threads that score and reduce. */

import { packError } from '../src/run/packed-error.ts';
import { type Step, StepRunner } from '../src/run/thread-steps.ts';

const runner = new StepRunner();

/** Errors are returned, not thrown: a thrown one would lose its class and fields on the way to the other thread. */
export default function step(task: Step): unknown {
  try {
    return { value: runner.run(task) };
  } catch (error) {
    return { error: packError(error) };
  }
}
