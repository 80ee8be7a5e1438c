import { resolve } from 'node:path';
import { BufferBudget } from '../../src/base/buffer-budget.ts';
import { makeFolder } from '../../src/base/make-folder.ts';
import { CasePool } from '../../src/engines/case-pool.ts';
import { CaseWork } from '../../src/engines/case-work.ts';
import { EmbeddedEngine } from '../../src/engines/embedded.ts';
import { finishRun } from '../../src/engines/finish-run.ts';
import { forgetOutcomes } from '../../src/engines/forget.ts';
import { type CaseOutcomeRecord, storedOutcome } from '../../src/run/case-outcome.ts';
import { enterFolder } from '../../src/run/enter-run.ts';
import { Lease } from '../../src/run/lease.ts';
import { type OpenStore, openStore } from '../../src/run/open-store.ts';
import { planMemory } from '../../src/run/plan/memory.ts';
import type { RunEvent } from '../../src/run/run-events.ts';
import { RunFolder, workFolder } from '../../src/run/run-folder.ts';
import type { RunRequest } from '../../src/run/types.ts';
import { resolveSettings } from '../../src/settings/resolve-settings.ts';
import { keepsCaseShards } from '../../src/settings/run-settings.ts';
import type { Step } from '../../src/threads/steps.ts';
import type { ThreadPool } from '../../src/threads/thread-pool.ts';
import { StepRunner } from '../../src/threads/thread-steps.ts';

/** Does a step; tests wrap it to fail, repeat or delay. */
export type Deliver = (step: Step, run: (step: Step) => unknown) => unknown;

/**
 * A run as `scoreRun` does it, with steps that are done in this very thread, the way `deliver` wants, and in stores as `open`
 * gives them. A run that ends by an error is taken for dead.
 */
export async function runInProcess(
  request: RunRequest,
  deliver: Deliver,
  open: OpenStore = openStore,
): Promise<void> {
  makeFolder(resolve(request.outDir));
  const lease = Lease.acquire(resolve(request.outDir));
  try {
    await run(request, lease, deliver, open);
  } finally {
    lease.release();
  }
}

async function run(request: RunRequest, { fence }: Lease, deliver: Deliver, open: OpenStore): Promise<void> {
  const { cases, signal } = request;
  const { threads, threadBytes } = planMemory(request.config);
  const { settings } = await resolveSettings(request.config, cases);
  const store = open({ kind: 'local', root: resolve(request.outDir), fence });
  const folder = new RunFolder(open(store.below(workFolder).address));
  enterFolder(folder, settings, cases, request.resume);
  if (request.resume) forgetOutcomes(folder);
  const runner = new StepRunner(undefined, open);
  const pool = {
    threads,
    run: async (step: Step) => deliver(step, (done) => structuredClone(runner.run(done))),
  } as unknown as ThreadPool;
  const work = new CaseWork(
    folder,
    settings,
    cases,
    pool,
    new BufferBudget(2 * threads + 2),
    () => threadBytes,
  );
  const casePool = new CasePool(work, pool);
  const engine = new EmbeddedEngine(work, threads, keepsCaseShards(settings, cases.length));
  const outcomes = new Map<number, CaseOutcomeRecord>();
  const emit = (event: RunEvent) => {
    if (event.kind !== 'case') return;
    outcomes.set(event.outcome.index, event.outcome);
    casePool.add(event.outcome, signal).catch(() => {});
  };
  for (const index of cases.keys()) {
    const outcome = storedOutcome(folder, index);
    if (outcome) emit({ kind: 'case', outcome });
  }
  const redo = (pending: readonly number[]) => engine.run({ pending, signal, emit });
  await redo([...cases.keys()].filter((index) => !outcomes.has(index)));
  const startedAt = new Date();
  const results = { ...request, store };
  await finishRun({ work, casePool, outcomes, redo, results, threads, startedAt, signal, emit });
}
