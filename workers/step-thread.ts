/** Entry point of the threads that score and reduce. */

import { DataRoots } from '../src/run/data-roots.ts';
import { HeapTrimmer } from '../src/threads/heap-trimmer.ts';
import type { Step } from '../src/threads/steps.ts';
import { StepRunner } from '../src/threads/thread-steps.ts';
import { timedStep } from '../src/threads/thread-times.ts';

const dataRoots = process.argv.slice(2);
const heap = new HeapTrimmer();
const runner = new StepRunner({ dataRoots: dataRoots.length > 0 ? new DataRoots(dataRoots) : undefined });

export default function step(task: Step | null): unknown {
  // Asked only to load.
  if (task === null) return null;
  const answer = timedStep(() => runner.run(task));
  heap.trim();
  return answer;
}
