/** The end of a run, the same for every engine: the pool, the result files, and what stays behind. */
import { setImmediate as turn } from 'node:timers/promises';
import { MachineError, PartialError } from '../base/errors.ts';
import type { LovaszValues } from '../measures/sorted-errors/lovasz-sum.ts';
import type { ResultsDocument } from '../results/document.ts';
import { type AuditSummary, writeAuditReport } from '../run/audit/report.ts';
import { type CaseOutcomeRecord, pooledKind, readOutcome } from '../run/case-outcome.ts';
import { hasLostOwnership } from '../run/fence.ts';
import { outcomeOf } from '../run/outcome.ts';
import type { OutcomeBook, ScoredFacts } from '../run/outcome-book.ts';
import { findRecord, outOfTheWay, putRecord } from '../run/records.ts';
import type { RunEvent } from '../run/run-events.ts';
import { poolFolder, type RunFolder, shardFolder } from '../run/run-folder.ts';
import { masksFile, ShapesReader } from '../run/shapes.ts';
import type { ShardRef } from '../run/tile-partial.ts';
import { type LesionList, lesionList, type ResultsRequest, writeResults } from '../run/write-results.ts';
import { needsShards, type RunSettings } from '../settings/run-settings.ts';
import type { ThreadSeconds } from '../threads/thread-times.ts';
import type { CasePool } from './case-pool.ts';
import type { CaseWork } from './case-work.ts';

/** A pool that meets this many files which are not to be believed, one after the other, gives up. */
const maxRepairs = 16;

export interface FinishRequest {
  readonly work: CaseWork;
  readonly casePool: CasePool;
  /** Of every case. */
  readonly outcomes: OutcomeBook;
  /** Scores cases again whose shards were lost, and puts their outcomes into `outcomes` and `casePool`. */
  readonly redo: (cases: readonly number[]) => Promise<void>;
  readonly results: ResultsRequest;
  readonly threads: number;
  /** What the run's threads have spent their time on, where it has threads of its own. */
  readonly threadSeconds?: () => ThreadSeconds;
  /** Frees the memory of the run's threads, where they are its own. */
  readonly restThreads?: () => Promise<void>;
  readonly startedAt: Date;
  readonly signal: AbortSignal;
  readonly emit: (event: RunEvent) => void;
  /** Has the run's threads and the shards of its pool, which are gone afterwards. Its faults are its own. */
  readonly onWritten?: OnWritten | undefined;
}

/** A run whose results are written. */
export interface WrittenRun {
  readonly folder: RunFolder;
  readonly settings: RunSettings;
  /** One a case, in the order of the results; read from the run's folder when first asked for. */
  readonly outcomes: readonly CaseOutcomeRecord[];
  /** Sorted losses of each class over all scored cases; empty where the run computed none. */
  readonly pooledLovasz: readonly LovaszValues[];
  readonly results: ResultsDocument;
  /** Where lesions were measured. */
  readonly lesions: LesionList | undefined;
  /** The shards of all scored cases, merged as far as the pool has; none where they are not kept. */
  readonly shards: readonly ShardRef[];
}

export type OnWritten = (run: WrittenRun) => Promise<void>;

export interface EndedRun {
  readonly results: ResultsDocument;
  readonly failed: number;
  readonly notes: readonly string[];
  /** Where an audit was asked for. */
  readonly audit?: AuditSummary;
  readonly seconds: number;
}

export async function finishRun(request: FinishRequest): Promise<EndedRun> {
  const { work, outcomes, redo } = request;
  for (let repairs = 0; ; repairs++) {
    try {
      return await finish(request);
    } catch (error) {
      const lost = error instanceof PartialError && outcomes.indices().find(isOf(work.folder, error));
      if (typeof lost !== 'number' || repairs === maxRepairs) throw error;
      outOfTheWay(work.folder.store, error as PartialError);
      outcomes.forget(lost);
      await redo([lost]);
    }
  }
}

/** Whether what is not to be believed is the record of a case. */
function isOf(folder: RunFolder, { place }: PartialError): (index: number) => boolean {
  return (index) => place.record === folder.caseOutcome(index);
}

async function finish(request: FinishRequest): Promise<EndedRun> {
  const { work, casePool, outcomes, emit, startedAt } = request;
  emit({ kind: 'stage', stage: 'reduce' });
  const shapes = new ShapesReader(work.folder);
  await repairShapes(request, shapes);
  const pooled = await poolCases(request);
  if (outcomes.size < work.cases.length) throw new Error('a case has no outcome');
  const scored = outcomes.scored();
  emit({ kind: 'stage', stage: 'write' });
  const { notes, kept } = await settleShards(request, scored);
  const audit = settleAudit(request, scored);
  if (audit) notes.push(audit.sentence);
  const outcome = outcomeOf(work.settings, request.results.cases, outcomes.records, outcomes.sum(), pooled);
  clearLeftovers(work.folder);
  // Results and report need them for the curves of shards alone. They end while the results are made.
  const rested = kept ? undefined : request.restThreads?.();
  if (rested) await turn();
  const seconds = (Date.now() - startedAt.getTime()) / 1000;
  const stored = scored.map((facts) => shapes.at(facts, facts.index));
  const results = writeResults(
    request.results,
    work.settings,
    request.threads,
    outcome,
    {
      startedAt,
      seconds,
      ...(request.threadSeconds && { threadSeconds: request.threadSeconds() }),
    },
    stored,
  );
  await rested;
  if (request.onWritten) {
    const { folder, settings } = work;
    const shards = kept ? casePool.files() : [];
    let held: readonly CaseOutcomeRecord[] | undefined;
    await request.onWritten({
      ...{ folder, settings, pooledLovasz: pooled, results, shards },
      lesions: lesionList(settings, results, stored),
      get outcomes() {
        held ??= [...outcomes.records];
        return held;
      },
    });
  }
  if (kept) work.folder.store.clear(poolFolder);
  const failed = outcomes.size - scored.length;
  return {
    results,
    failed,
    notes: [...(results.warnings ?? []).map((text) => `warning: ${text}`), ...notes],
    seconds,
    ...(audit ? { audit } : {}),
  };
}

/** Removes what could not be removed with its case, as on a network drive. What still cannot be is not part of the results: it stays. */
function clearLeftovers({ store }: RunFolder): void {
  const steps = [() => store.clear('tiles'), () => store.clear('staged'), () => store.sweep(true)];
  for (const step of steps) {
    try {
      step();
    } catch (error) {
      if (!(error instanceof MachineError) || hasLostOwnership(error)) throw error;
    }
  }
}

function settleAudit(
  { work, results }: FinishRequest,
  scored: readonly ScoredFacts[],
): AuditSummary | undefined {
  const { audit } = work.settings;
  if (audit === undefined) return undefined;
  return writeAuditReport(results.store, work.folder, audit, results.cases, scored);
}

/** Scores cases again whose shapes were lost. */
async function repairShapes({ work, outcomes, redo }: FinishRequest, shapes: ShapesReader): Promise<void> {
  if (!work.settings.shapes) return;
  for (let repairs = 0; ; repairs++) {
    const lost = shapes.lost(outcomes.scored());
    if (lost.length === 0) return;
    if (repairs === maxRepairs) {
      throw new MachineError(
        'partials-unreliable',
        `the shapes of ${lost.length} cases were measured ${maxRepairs} times and still are not whole`,
      );
    }
    for (const index of lost) {
      outcomes.forget(index);
      work.folder.store.remove(work.folder.caseOutcome(index));
    }
    await redo(lost);
  }
}

/** The sorted losses of all scored cases together; of one case they are its own. */
async function poolCases(request: FinishRequest): Promise<readonly LovaszValues[]> {
  const { work, casePool, outcomes, signal, redo } = request;
  for (let repairs = 0; ; repairs++) {
    const [first, ...others] = outcomes.scored();
    if (others.length === 0) return first && needsShards(work.settings) ? lovaszOf(work.folder, first) : [];
    const stored = storedPool(work.folder, casePool.name);
    if (stored) {
      // A run that is resumed after its pool was evaluated merges its cases again, for the curves of the report.
      await casePool.rest();
      return stored;
    }
    try {
      const lovasz = await casePool.evaluate(signal);
      putRecord(work.folder.store, work.folder.poolOutcome, pooledKind, { cases: casePool.name, lovasz });
      return lovasz;
    } catch (error) {
      if (!(error instanceof PartialError)) throw error;
      if (repairs === maxRepairs) {
        throw new MachineError(
          'partials-unreliable',
          `stored shards were made ${maxRepairs} times and still are not whole: ${error.message}`,
          { cause: error },
        );
      }
      const lost = casePool.repair(error);
      for (const index of lost) {
        outcomes.forget(index);
        work.folder.store.remove(work.folder.caseOutcome(index));
      }
      await redo(lost);
    }
  }
}

/** @throws PartialError where the record is gone or damaged since */
function lovaszOf(folder: RunFolder, { index }: ScoredFacts): readonly LovaszValues[] {
  const outcome = readOutcome(folder, index);
  return outcome.status === 'ok' ? outcome.lovasz : [];
}

function storedPool(folder: RunFolder, name: string): readonly LovaszValues[] | undefined {
  const stored = findRecord(folder.store, folder.poolOutcome, pooledKind);
  return stored?.cases === name ? stored.lovasz : undefined;
}

/** Drops the shards that nobody asked to keep, and says so. Where they are `kept`, those of the pool are still there. */
async function settleShards(
  { work, casePool, outcomes, signal }: FinishRequest,
  scored: readonly ScoredFacts[],
): Promise<{ notes: string[]; kept: boolean }> {
  const { folder, settings } = work;
  const bytes = scored.reduce((sum, outcome) => sum + outcome.shardBytes, 0);
  const keep =
    settings.keepShards === 'always' ||
    (settings.keepShards === 'auto' && bytes <= settings.keepShardsMaxBytes);
  // Cases without a score may get one by a later start, which then needs the pool of the others.
  if (needsShards(settings) && !keep && scored.length > 0 && scored.length < outcomes.size) {
    await casePool.seal(signal);
  } else if (!keep || !needsShards(settings)) {
    folder.store.clear(poolFolder);
  }
  settleMasks(folder, settings, outcomes.indices(), scored);
  if (!needsShards(settings)) return { notes: [], kept: false };
  const size = `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  if (keep) {
    const where = folder.store.pathOf(shardFolder);
    const note = `shards kept: ${size} in ${where}, for questions without reading a volume again`;
    return { notes: [note], kept: true };
  }
  folder.store.clear(shardFolder);
  const note = `shards not kept: ${size} is more than keepShardsMaxMiB; --keep-shards always keeps them`;
  return { notes: settings.keepShards === 'never' ? [] : [note], kept: false };
}

/**
 * Masks are for questions about lesions alone; they stay as shards do, those of scored cases. Distances and components always
 * stay: they are small.
 */
function settleMasks(
  folder: RunFolder,
  settings: RunSettings,
  cases: readonly number[],
  scored: readonly ScoredFacts[],
): void {
  if (!settings.shapes) return;
  const bytes = scored.reduce(
    (sum, { index }) => sum + (folder.store.size(masksFile(folder, index)) ?? 0),
    0,
  );
  const keep =
    settings.keepShards === 'always' ||
    (settings.keepShards === 'auto' && bytes <= settings.keepShardsMaxBytes);
  const kept = new Set(keep ? scored.map(({ index }) => index) : []);
  for (const index of cases) if (!kept.has(index)) folder.store.remove(masksFile(folder, index));
}
