/** Entry point of the threads that score and reduce. */

import { DataRoots } from '../src/run/data-roots.ts';
import type { Step } from '../src/threads/steps.ts';
import { StepRunner } from '../src/threads/thread-steps.ts';
import { timedStep } from '../src/threads/thread-times.ts';

const dataRoots = process.argv.slice(2);
const runner = new StepRunner(dataRoots.length > 0 ? new DataRoots(dataRoots) : undefined);

export default function step(task: Step | null): unknown {
  // Asked only to load.
  return task === null ? null : timedStep(() => runner.run(task));
}
