import { resolve } from 'node:path';
import { makeFolder } from '../../src/base/make-folder.ts';
import { scoreRun } from '../../src/engines/score-run.ts';
import { type OpenStore, openStore } from '../../src/run/open-store.ts';
import { OutFolder } from '../../src/run/out-folder.ts';
import { planMemory } from '../../src/run/plan/memory.ts';
import type { RunRequest } from '../../src/run/types.ts';
import type { Step } from '../../src/threads/steps.ts';
import { StepRunner } from '../../src/threads/thread-steps.ts';
import { SameThreadPool } from '../support/same-thread-pool.ts';

/** Does a step; tests wrap it to fail, repeat or delay. */
export type Deliver = (step: Step, run: (step: Step) => unknown) => unknown;

/**
 * A run with steps that are done in this very thread, the way `deliver` wants, and in stores as `open` gives them. A run that
 * ends by an error is taken for dead.
 */
export async function runInProcess(
  request: RunRequest,
  deliver: Deliver,
  open: OpenStore = openStore,
): Promise<void> {
  makeFolder(resolve(request.outDir));
  const out = OutFolder.own(request.outDir, {}, open);
  const runner = new StepRunner({ open });
  const pool = new SameThreadPool(planMemory(request.config).threads, (step) =>
    deliver(step as Step, (done) => structuredClone(runner.run(done))),
  );
  try {
    await scoreRun({ ...request, out, pool }).done;
  } finally {
    out.release();
  }
}
