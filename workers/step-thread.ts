/** Entry point of the threads that score and reduce. */

import { packError } from '../src/base/packed-error.ts';
import { DataRoots } from '../src/run/data-roots.ts';
import type { Step } from '../src/threads/steps.ts';
import { StepRunner } from '../src/threads/thread-steps.ts';

const dataRoots = process.argv.slice(2);
const runner = new StepRunner(dataRoots.length > 0 ? new DataRoots(dataRoots) : undefined);

/** Errors are returned, not thrown: a thrown one would lose its class and fields on the way to the other thread. */
export default function step(task: Step | null): unknown {
  // Asked only to load.
  if (task === null) return null;
  try {
    return { value: runner.run(task) };
  } catch (error) {
    return { error: packError(error) };
  }
}
