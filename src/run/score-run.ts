/** A run from its cases to its result files: decide, plan, score, reduce, write. */
import { setMaxListeners } from 'node:events';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ReplaySubject } from 'rxjs';
import { EmbeddedEngine } from '../engine/embedded.ts';
import { PartialError, UsageError } from '../errors.ts';
import type { LovaszValues } from '../reduce/lovasz-sum.ts';
import { BufferBudget } from './buffer-budget.ts';
import { type CaseOutcomeRecord, lovaszListSchema, readOutcome, type ScoredOutcome } from './case-outcome.ts';
import { CasePool } from './case-pool.ts';
import { CaseWork } from './case-work.ts';
import { buildOutcome } from './outcome.ts';
import { resolveSettings } from './resolve-settings.ts';
import { progressOf, type RunEvent } from './run-events.ts';
import { RunFolder, readJsonFile, workFolder, writeJsonFile } from './run-folder.ts';
import { needsShards, type RunSettings } from './settings.ts';
import { ThreadPool } from './thread-pool.ts';
import type { RunReport, RunRequest, StartedRun } from './types.ts';
import { writeResults } from './write-results.ts';

/** Starts a run. Its folder is `outDir`; what it must remember stands in `outDir/work`. */
export function scoreRun(request: RunRequest): StartedRun {
  const events = new ReplaySubject<RunEvent>(1);
  const done = run(request, (event) => events.next(event));
  done.then(
    () => events.complete(),
    (error) => events.error(error),
  );
  return { progress: progressOf(events, request.cases.length), done };
}

async function run(request: RunRequest, emit: (event: RunEvent) => void): Promise<RunReport> {
  const startedAt = new Date();
  const { cases, config, outDir, signal } = request;
  // Every piece of work in flight listens to it.
  setMaxListeners(0, signal);
  if (cases.length === 0)
    throw new UsageError('no-cases', 'there is no case to score', { field: 'manifest' });
  const { settings, threads, notes } = await resolveSettings(config, cases);
  for (const note of notes) emit({ kind: 'note', note });
  const folder = new RunFolder(join(resolve(outDir), workFolder));
  enterFolder(folder, settings, request);

  const pool = new ThreadPool(threads);
  try {
    const work = new CaseWork(folder, settings, cases, pool, new BufferBudget(2 * threads + 2));
    const casePool = new CasePool(work, pool);
    const keepShards = needsShards(settings) && (cases.length > 1 || settings.keepShards !== 'never');
    const engine = new EmbeddedEngine(work, threads, keepShards);
    emit({ kind: 'stage', stage: 'score' });
    const outcomes = await scoreCases(work, casePool, engine, signal, emit);
    emit({ kind: 'stage', stage: 'reduce' });
    const pooled = await poolCases(folder, outcomes, casePool, signal);
    emit({ kind: 'stage', stage: 'write' });
    const shardNote = settleShards(folder, settings, outcomes);
    const outcome = buildOutcome(settings, cases, outcomes, pooled);
    const seconds = (Date.now() - startedAt.getTime()) / 1000;
    const results = writeResults(request, settings, threads, outcome, { startedAt, seconds });
    const failed = outcomes.filter(({ status }) => status !== 'ok').length;
    return {
      exitStatus: failed === 0 ? 0 : 1,
      results,
      outDir,
      notes: [...request.warnings, ...notes, ...shardNote],
      seconds,
    };
  } finally {
    await pool.close();
  }
}

/** Makes the run's folder, or checks that it holds this very run. */
function enterFolder(folder: RunFolder, settings: RunSettings, { cases, resume }: RunRequest): void {
  if (resume && existsSync(join(folder.root, 'settings.json'))) {
    // How work is cut may change between two starts; what is computed, and of what, may not.
    const before = comparable(folder.readSettings());
    const now = comparable(settings);
    const differences = Object.keys(now).filter(
      (key) => JSON.stringify(now[key]) !== JSON.stringify(before[key]),
    );
    if (JSON.stringify(folder.readCases()) !== JSON.stringify(cases)) differences.push('cases');
    if (differences.length > 0) {
      throw new UsageError(
        'resume-differs',
        `--resume: this folder holds a run that differs in ${differences.join(', ')}; give the settings and cases of that run, or another --out`,
        { file: folder.root, field: differences[0]! },
      );
    }
  } else {
    rmSync(folder.root, { recursive: true, force: true });
  }
  folder.create();
  folder.writeSettings(settings, cases);
}

function comparable(settings: RunSettings): Record<string, unknown> {
  const { tileShape, tileVoxels, threadMemoryBytes, stageAboveBytes, mergeFanIn, ...rest } = settings;
  return JSON.parse(JSON.stringify(rest));
}

/** Outcomes of all cases, in manifest order; those of an earlier start are taken as they are. */
async function scoreCases(
  work: CaseWork,
  casePool: CasePool,
  engine: EmbeddedEngine,
  signal: AbortSignal,
  emit: (event: RunEvent) => void,
): Promise<CaseOutcomeRecord[]> {
  const outcomes = new Map<number, CaseOutcomeRecord>();
  const merges: Promise<void>[] = [];
  const take = (event: RunEvent) => {
    if (event.kind === 'case') {
      outcomes.set(event.outcome.index, event.outcome);
      if (event.outcome.status === 'ok') merges.push(casePool.add(event.outcome, signal));
    }
    emit(event);
  };
  for (const index of work.cases.keys()) {
    const outcome = finishedBefore(work.folder, index);
    if (outcome) take({ kind: 'case', outcome });
  }
  const pending = [...work.cases.keys()].filter((index) => !outcomes.has(index));
  await engine.run({ pending, signal, emit: take });
  await Promise.all(merges);
  return [...work.cases.keys()].map((index) => outcomes.get(index)!);
}

/** The outcome of an earlier start; what was incomplete or is not whole is tried again. */
function finishedBefore(folder: RunFolder, index: number): CaseOutcomeRecord | undefined {
  if (!existsSync(folder.caseOutcome(index))) return undefined;
  try {
    const outcome = readOutcome(folder, index);
    return outcome.status === 'incomplete' ? undefined : outcome;
  } catch (error) {
    if (error instanceof PartialError) return undefined;
    throw error;
  }
}

/** The sorted losses of all scored cases together; of one case they are its own. */
async function poolCases(
  folder: RunFolder,
  outcomes: readonly CaseOutcomeRecord[],
  casePool: CasePool,
  signal: AbortSignal,
): Promise<readonly LovaszValues[]> {
  const scored = outcomes.filter((outcome): outcome is ScoredOutcome => outcome.status === 'ok');
  if (scored.length <= 1) return scored[0]?.lovasz ?? [];
  if (existsSync(folder.poolOutcome)) return readJsonFile(folder.poolOutcome, lovaszListSchema);
  const pooled = await casePool.evaluate(signal);
  writeJsonFile(folder.poolOutcome, pooled);
  return pooled;
}

/** Drops the shards that nobody asked to keep, and says so. */
function settleShards(
  folder: RunFolder,
  settings: RunSettings,
  outcomes: readonly CaseOutcomeRecord[],
): string[] {
  rmSync(join(folder.root, 'pool'), { recursive: true, force: true });
  mkdirSync(join(folder.root, 'pool'));
  if (!needsShards(settings)) return [];
  const bytes = outcomes.reduce(
    (sum, outcome) => sum + (outcome.status === 'ok' ? outcome.shardBytes : 0),
    0,
  );
  const keep =
    settings.keepShards === 'always' ||
    (settings.keepShards === 'auto' && bytes <= settings.keepShardsMaxBytes);
  const size = `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  if (keep)
    return [
      `shards kept: ${size} in ${join(folder.root, 'shards')}, for questions without reading a volume again`,
    ];
  rmSync(join(folder.root, 'shards'), { recursive: true, force: true });
  return settings.keepShards === 'never'
    ? []
    : [`shards not kept: ${size} is more than keepShardsMaxMiB; --keep-shards always keeps them`];
}
