/** A run in this process from its cases to its result files: decide, plan, score, reduce, write. */
import { setMaxListeners } from 'node:events';
import { resolve } from 'node:path';
import { ReplaySubject } from 'rxjs';
import { checkAuditAvailable } from '../audit/available.ts';
import { BufferBudget } from '../base/buffer-budget.ts';
import { UsageError } from '../base/errors.ts';
import { makeFolder } from '../base/make-folder.ts';
import { storedOutcomes } from '../run/case-outcome.ts';
import { enterFolder } from '../run/enter-run.ts';
import { OutFolder } from '../run/out-folder.ts';
import { OutcomeBook } from '../run/outcome-book.ts';
import { planMemory } from '../run/plan/memory.ts';
import { sizeOfRun } from '../run/plan/run-size.ts';
import { progressOf, type RunEvent } from '../run/run-events.ts';
import type { RunReport, RunRequest, StartedRun } from '../run/types.ts';
import { resolveSettings } from '../settings/resolve-settings.ts';
import { keepsCaseShards } from '../settings/run-settings.ts';
import { ThreadPool } from '../threads/thread-pool.ts';
import { CasePool } from './case-pool.ts';
import { CaseWork } from './case-work.ts';
import { EmbeddedEngine } from './embedded.ts';
import type { MakeEngine } from './engine.ts';
import { finishRun, type WrittenRun } from './finish-run.ts';
import { forgetOutcomes } from './forget.ts';

export interface ScoreRunRequest extends RunRequest {
  /** Who does the work on the cases; the threads of this process by default. */
  readonly engine?: MakeEngine;
  /** Threads that the caller has; else the run starts its own and ends them. */
  readonly pool?: ThreadPool;
  /** Called when the results are written, while the run still has its threads. */
  readonly onWritten?: (run: WrittenRun, threads: ThreadPool) => Promise<void>;
}

/** Starts a run. Its folder is `outDir`; what it must remember is in `outDir/work`. */
export function scoreRun(request: ScoreRunRequest): StartedRun {
  const events = new ReplaySubject<RunEvent>(1);
  const done = run(request, (event) => events.next(event));
  done.then(
    () => events.complete(),
    (error) => events.error(error),
  );
  return { progress: progressOf(events, request.cases.length), done };
}

async function run(request: ScoreRunRequest, emit: (event: RunEvent) => void): Promise<RunReport> {
  const startedAt = new Date();
  const { cases, config, outDir, signal } = request;
  // Every piece of work in flight listens to it.
  setMaxListeners(0, signal);
  if (cases.length === 0)
    throw new UsageError('no-cases', 'there is no case to score', { field: 'manifest' });
  const { threads, threadBytes } = planMemory(config);
  if (request.out === undefined) makeFolder(resolve(outDir));
  const out = request.out ?? OutFolder.own(outDir);
  // Threads load while the settings are found out.
  const pool = request.pool ?? (await poolFor(cases, threads));
  try {
    const { settings, notes } = await resolveSettings(config, cases);
    if (settings.audit !== undefined) checkAuditAvailable();
    for (const note of notes) emit({ kind: 'note', note });
    const folder = out.work;
    enterFolder(folder, settings, cases, request.resume);
    if (request.resume) forgetOutcomes(folder);

    const work = new CaseWork(
      folder,
      settings,
      cases,
      pool,
      new BufferBudget(2 * threads + 2),
      () => threadBytes,
    );
    const casePool = new CasePool(work, pool);
    const makeEngine: MakeEngine = request.engine ?? ((...parts) => new EmbeddedEngine(...parts));
    const engine = makeEngine(work, threads, keepsCaseShards(settings, cases.length));
    const outcomes = new OutcomeBook(folder, settings);
    const take = (event: RunEvent) => {
      if (event.kind === 'case') {
        outcomes.take(event.outcome);
        casePool.add(event.outcome, signal).catch(() => {});
      }
      emit(event);
    };
    const score = (pending: readonly number[]) => engine.run({ pending, signal, emit: take });
    emit({ kind: 'stage', stage: 'score' });
    for (const outcome of storedOutcomes(folder, cases.length)) take({ kind: 'case', outcome });
    await score([...cases.keys()].filter((index) => !outcomes.has(index)));
    const finished = await finishRun({
      work,
      casePool,
      outcomes,
      redo: score,
      results: { ...request, store: out.store },
      threads,
      threadSeconds: () => pool.seconds(),
      ...(request.pool === undefined && { restThreads: () => pool.rest() }),
      startedAt,
      signal,
      emit,
      onWritten: request.onWritten && ((written) => request.onWritten!(written, pool)),
    });
    return {
      exitStatus: finished.failed === 0 && finished.audit?.passed !== false ? 0 : 1,
      results: finished.results,
      outDir,
      notes: [...request.warnings, ...notes, ...finished.notes],
      seconds: finished.seconds,
      ...(finished.audit ? { audit: finished.audit } : {}),
    };
  } finally {
    if (request.pool === undefined) await pool.close();
    if (request.out === undefined) out.release();
  }
}

async function poolFor(cases: ScoreRunRequest['cases'], threads: number): Promise<ThreadPool> {
  const { isTiny, threads: atOnce } = await sizeOfRun(cases);
  return new ThreadPool(threads, [], { ownThread: isTiny, atOnce: Math.min(threads, atOnce) });
}
