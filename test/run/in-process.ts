import { join } from 'node:path';
import { BufferBudget } from '../../src/base/buffer-budget.ts';
import { CasePool } from '../../src/engines/case-pool.ts';
import { CaseWork } from '../../src/engines/case-work.ts';
import { EmbeddedEngine } from '../../src/engines/embedded.ts';
import { finishRun } from '../../src/engines/finish-run.ts';
import { forgetOutcomes } from '../../src/engines/forget.ts';
import type { CaseOutcomeRecord } from '../../src/run/case-outcome.ts';
import { enterFolder, storedOutcome } from '../../src/run/enter-run.ts';
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

/** A run as `scoreRun` does it, with steps that are done in this very thread, the way `deliver` wants. */
export async function runInProcess(request: RunRequest, deliver: Deliver): Promise<void> {
  const { cases, signal } = request;
  const { threads, threadBytes } = planMemory(request.config);
  const { settings } = await resolveSettings(request.config, cases);
  const folder = new RunFolder(join(request.outDir, workFolder));
  enterFolder(folder, settings, cases, request.resume);
  if (request.resume) forgetOutcomes(folder, cases.length);
  const runner = new StepRunner();
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
  await finishRun({ work, casePool, outcomes, redo, results: request, threads, startedAt, signal, emit });
}
