/**
 * Plans a case, hands its tiles out as jobs and waits for them, then reduces it. A case that is small, or gzip read as
 * one stream, is done here from beginning to end. Ends with the case's outcome in the run's folder, whatever happens.
 */
import { type Job, WaitingChildrenError, WaitingError } from 'bullmq';
import { DefectError, InputError, type VoxtallyError } from '../../base/errors.ts';
import { tileGrid } from '../../base/tile-grid.ts';
import { type CaseOutcomeRecord, storedOutcome } from '../../run/case-outcome.ts';
import { hasLostOwnership } from '../../run/fence.ts';
import type { CasePlan } from '../../run/plan/case-plan.ts';
import { endCase, scoreCase } from '../score-case.ts';
import { asVoxtallyError, faultOfTiles, haltByDefect, queueError } from './faults.ts';
import { handOver, leaveToOthers } from './hand-over.ts';
import { type CaseJob, caseJob, jobData, RefusedJob, tileJobId } from './jobs.ts';
import { type OpenRun, unscoredAsGiven } from './open-run.ts';
import { queueVersion } from './queue-version.ts';
import { jobOptions } from './queues.ts';
import { isStopped } from './run-record.ts';
import { cutJobs } from './tile-jobs.ts';
import { handJobBack, isLastAttempt, type WorkerContext } from './worker-context.ts';

export async function processCase(
  context: WorkerContext,
  job: Job<CaseJob>,
  token: string,
  lockLost: AbortSignal,
): Promise<void> {
  const { run: id, start, case: index } = jobData(caseJob, job.data);
  let run: OpenRun | undefined;
  await leaveToOthers(context, job, token);
  try {
    run = context.runs.get(id, start);
    if (!(index in run.cases)) throw new RefusedJob();
    if (isStopped(run.folder) || storedOutcome(run.folder, index)) return;
    await new CaseProcess(context, run, job, token, AbortSignal.any([lockLost, context.handBack])).process();
  } catch (error) {
    if (error instanceof WaitingChildrenError || error instanceof WaitingError) throw error;
    if (error instanceof RefusedJob) throw error;
    if (lockLost.aborted) throw new Error('lock-lost');
    if (context.handBack.aborted) return handJobBack(job, token);
    const fault = error instanceof SetAside ? error.fault : asVoxtallyError(error);
    if (!(error instanceof SetAside)) await handOver(context, job, token, fault);
    context.log.warn(
      { run: id, case: index, code: fault.code, attempt: job.attemptsMade + 1 },
      'case failed',
    );
    // The run was started again: what is to be done is in other jobs.
    if (hasLostOwnership(fault)) return;
    if (run && fault instanceof DefectError) haltByDefect(context.log, id, run.folder, fault);
    if (!run || fault instanceof DefectError) throw queueError(fault);
    if (!(fault instanceof InputError) && !(error instanceof SetAside) && !isLastAttempt(job)) {
      throw queueError(fault);
    }
    endUnscored(run, index, fault);
  }
}

/** Stores that a case has no score, unless somebody else has scored it meanwhile. */
export function endUnscored(run: OpenRun, index: number, fault: VoxtallyError): CaseOutcomeRecord {
  const before = storedOutcome(run.folder, index);
  if (before?.status === 'ok') return before;
  return endCase(
    run.work,
    unscoredAsGiven(run, index, fault instanceof InputError ? 'failed' : 'incomplete', fault),
  );
}

/** Tiles have used up their own tries: the case has none left. */
class SetAside extends Error {
  readonly fault: VoxtallyError;

  constructor(fault: VoxtallyError) {
    super(fault.code);
    this.fault = fault;
  }
}

class CaseProcess {
  readonly #context: WorkerContext;
  readonly #run: OpenRun;
  readonly #job: Job<CaseJob>;
  readonly #token: string;
  readonly #stop: AbortSignal;
  readonly #index: number;

  constructor(context: WorkerContext, run: OpenRun, job: Job<CaseJob>, token: string, stop: AbortSignal) {
    this.#context = context;
    this.#run = run;
    this.#job = job;
    this.#token = token;
    this.#stop = stop;
    this.#index = job.data.case;
  }

  async process(): Promise<void> {
    const { work, folder, keepShards } = this.#run;
    const isPlanned = this.#job.data.step !== 'plan';
    const outcome = await scoreCase(work, this.#index, {
      keepShards,
      lanes: this.#context.threads + 1,
      signal: this.#stop,
      isPlanned,
      // Another worker, to which this case was given when this one froze, may have been faster.
      stored: () => storedOutcome(folder, this.#index),
      onPlan: (plan) => (isPlanned ? this.#comeBack(plan) : this.#begin(plan)),
      onTiles: (done) => this.#context.workDone(this.#run, done),
    });
    this.#context.log.info({ run: this.#run.id, case: this.#index, status: outcome.status }, 'case done');
  }

  /** A case of more than one job is handed out. */
  async #begin(plan: CasePlan): Promise<void> {
    await this.#context.board.count(this.#run.id, 'tilesTotal', tileGrid(plan.shape, plan.tileShape).length);
    if (plan.mode === 'stream') return;
    const missing = this.#run.work.missingBundles(plan);
    if (cutJobs(plan, missing, this.#context.timing.jobVoxels).length > 1) await this.#handOut(plan, missing);
  }

  /** The jobs of its tiles are over. */
  async #comeBack(plan: CasePlan): Promise<void> {
    const missing = this.#run.work.missingBundles(plan);
    if (missing.length > 0) await this.#faceMissing(plan, missing);
  }

  /** Adds tile jobs as children and waits for them. From then on the case's job says that they were added. */
  async #handOut(plan: CasePlan, missing: readonly number[]): Promise<void> {
    const { id, priority, start } = this.#run;
    const jobs = cutJobs(plan, missing, this.#context.timing.jobVoxels);
    const planning = Date.now().toString(36);
    const parent = { id: this.#job.id!, queue: this.#job.queueQualifiedName };
    await this.#context.queues.tiles.addBulk(
      jobs.map(({ bundle, bundles }) => ({
        name: 'tile',
        data: { version: queueVersion, run: id, start, case: this.#index, plan: plan.id, bundle, bundles },
        opts: {
          ...jobOptions(tileJobId(id, this.#index, planning, bundle), priority, this.#context.timing),
          parent,
          // A tile that fails for good must not keep its case waiting.
          ignoreDependencyOnFailure: true,
        },
      })),
    );
    await this.#job.updateData({
      ...this.#job.data,
      step: 'reduce',
      missing: missing.length,
      failedBy: undefined,
    });
    if (await this.#job.moveToWaitingChildren(this.#token)) throw new WaitingChildrenError();
  }

  /**
   * Tiles are missing whose jobs are over: their faults end the case. Where workers were lost and other tiles were made
   * since, those workers may have died of something else, and the rest is handed out again: each time it is less.
   * Returns where nothing tells why, since then the tiles are simply made again.
   */
  async #faceMissing(plan: CasePlan, missing: readonly number[]): Promise<void> {
    const { ignored } = await this.#job.getDependencies({ ignored: { count: 100 } });
    const reasons = Object.values(ignored ?? {}).map(String);
    const fault = faultOfTiles(this.#run.folder, plan, missing, reasons);
    if (fault === undefined || reasons.length === 0) return;
    const before = this.#job.data.missing ?? missing.length;
    if (fault.code === 'worker-lost' && missing.length < before) return this.#handOut(plan, missing);
    throw new SetAside(fault);
  }
}
