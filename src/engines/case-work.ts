/**
 * What is done with one case, step by step, by whoever runs it: `scoreCase` decides in which order, an engine when and where.
 * Every step leaves whole files in the run's folder, so each may be done again, by another process, after any kind of death.
 */
import { basename } from 'node:path';
import { voxelCount } from '../base/box.ts';
import type { BufferBudget } from '../base/buffer-budget.ts';
import { MachineError } from '../base/errors.ts';
import { tileGrid } from '../base/tile-grid.ts';
import type { ManifestCase } from '../cases/types.ts';
import type { LovaszValues } from '../measures/sorted-errors/lovasz-sum.ts';
import type { MergedKeys } from '../measures/sorted-errors/merger.ts';
import { mostVoxels } from '../measures/sorted-errors/one-tile.ts';
import { sumRanges } from '../measures/sorted-errors/row.ts';
import { AuditSample } from '../run/audit/sample.ts';
import type { CaseOutcomeRecord } from '../run/case-outcome.ts';
import type { DataRoots } from '../run/data-roots.ts';
import { hasLostOwnership } from '../run/fence.ts';
import { bundleCount } from '../run/plan/bundles.ts';
import type { CasePlan } from '../run/plan/case-plan.ts';
import type { RunFolder } from '../run/run-folder.ts';
import type { ShardRef } from '../run/tile-partial.ts';
import { parseAudit } from '../settings/audit-choice.ts';
import { needsShards, type RunSettings } from '../settings/run-settings.ts';
import type { CaseScored, MergeStep, OpenedShards, TilesDone } from '../threads/steps.ts';
import type { ThreadPool } from '../threads/thread-pool.ts';
import { walkCase } from '../threads/walk-case.ts';
import { CasePlanner } from './case-planner.ts';
import { CaseReducer } from './case-reducer.ts';
import { CaseRepairs } from './case-repairs.ts';

/** Merges a range somewhere. */
export type MergeRange = (step: MergeStep, signal: AbortSignal) => Promise<MergedKeys>;

/** Which plan of which case. */
type PlanId = Pick<CasePlan, 'index' | 'id'>;

export class CaseWork {
  readonly folder: RunFolder;
  readonly settings: RunSettings;
  readonly cases: readonly ManifestCase[];
  readonly #pool: ThreadPool;
  readonly #buffers: BufferBudget;
  readonly #planner: CasePlanner;
  readonly #reducer: CaseReducer;
  readonly #repairs: CaseRepairs;

  /**
   * `threadBytes`: what each thread may take for a tile, asked whenever a case is planned. `dataRoots`: the only folders
   * below which volumes are read; any when there are none.
   */
  constructor(
    folder: RunFolder,
    settings: RunSettings,
    cases: readonly ManifestCase[],
    pool: ThreadPool,
    buffers: BufferBudget,
    threadBytes: () => number,
    dataRoots?: DataRoots,
  ) {
    this.folder = folder;
    this.settings = settings;
    this.cases = cases;
    this.#pool = pool;
    this.#buffers = buffers;
    const audit = parseAudit(settings.audit ?? 'none');
    const ids = cases.map(({ id }) => id);
    const sample = audit && new AuditSample(audit, ids);
    const isOneStep = (plan: CasePlan) => this.isOneTile(plan) && settings.shapes === undefined;
    this.#planner = new CasePlanner(folder, settings, cases, threadBytes, isOneStep, dataRoots);
    this.#reducer = new CaseReducer(folder, settings, cases, pool, sample);
    this.#repairs = new CaseRepairs(folder, settings, this.#planner, (index) => this.#removeTiles(index));
  }

  /** @see CasePlanner.plan */
  plan(index: number, signal: AbortSignal): Promise<CasePlan> {
    return this.#planner.plan(index, signal);
  }

  /** @see CasePlanner.planned */
  planned(index: number, signal: AbortSignal): Promise<CasePlan> {
    return this.#planner.planned(index, signal);
  }

  /** @see CaseRepairs.withRepairs */
  withRepairs<T>(index: number, attempt: (repairs: number) => Promise<T>): Promise<T> {
    return this.#repairs.withRepairs(index, attempt);
  }

  /** Bundles whose files are not there yet. */
  missingBundles(plan: CasePlan): number[] {
    const there = new Set(this.folder.store.list(this.folder.tiles(plan.index)));
    const bundles = Array.from({ length: bundleCount(plan) }, (_, bundle) => bundle);
    return bundles.filter((bundle) => !there.has(basename(this.folder.bundle(plan.index, bundle))));
  }

  scoreBundle({ index, id }: PlanId, bundle: number, signal: AbortSignal): Promise<TilesDone> {
    const { address } = this.folder.store;
    return this.#pool.run({ kind: 'score-bundle', store: address, case: index, plan: id, bundle }, signal);
  }

  /** Reads a gzip case once from its start and scores its tiles on the way. @throws InputError */
  async walk(plan: CasePlan, signal: AbortSignal, onTiles: (done: TilesDone) => void): Promise<void> {
    const { index, id } = plan;
    const missing = new Set(this.missingBundles(plan));
    const { address: store } = this.folder.store;
    await walkCase(this.#buffers, plan, missing, signal, async (bundle, bytes) => {
      const step = { kind: 'score-buffer', store, case: index, plan: id, bundle, bytes } as const;
      onTiles(await this.#pool.run(step, signal));
    });
  }

  /** Whether a case is scored in one step: as one tile of which nothing is there yet, and nobody else has to see. */
  isOneTile(plan: CasePlan): boolean {
    return (
      tileGrid(plan.shape, plan.tileShape).length === 1 &&
      voxelCount(plan.shape) <= mostVoxels &&
      !this.#reducer.isAudited(plan) &&
      !this.folder.store.has(this.folder.bundle(plan.index, 0))
    );
  }

  /** Scores a case of one tile from its files to its outcome, with no partial stored. @throws as `walk` and `reduce` */
  async scoreTile(
    plan: CasePlan,
    keepShards: boolean,
    signal: AbortSignal,
    onTiles: (done: TilesDone) => void,
  ): Promise<CaseOutcomeRecord> {
    const { address: store } = this.folder.store;
    const step = (bytes: SharedArrayBuffer | null) =>
      this.#pool.run({ kind: 'score-case', store, plan, bytes, keepShards }, signal);
    const scored = (await step(null)) ?? (await this.#walkTile(plan, signal, step));
    onTiles(scored.done);
    const outcome = await this.#reducer.reduceTile(plan, scored, signal);
    if (plan.staged.length > 0) this.discardTiles(plan.index);
    return outcome;
  }

  /** Scores a case of one tile whose gzip files are not what their headers say: where they are damaged, the stream tells how. */
  async #walkTile(
    plan: CasePlan,
    signal: AbortSignal,
    step: (bytes: SharedArrayBuffer) => Promise<CaseScored | null>,
  ): Promise<CaseScored> {
    const found: CaseScored[] = [];
    try {
      await walkCase(this.#buffers, plan, new Set([0]), signal, async (_, bytes) => {
        const scored = await step(bytes);
        if (scored) found.push(scored);
      });
    } catch (error) {
      for (const { shards } of found) this.#reducer.removeShards(shards);
      throw error;
    }
    return found[0]!;
  }

  /** @see CaseReducer.reduce; the tiles of the case are gone then. */
  async reduce(plan: CasePlan, keepShard: boolean, signal: AbortSignal): Promise<CaseOutcomeRecord> {
    const outcome = await this.#reducer.reduce(plan, keepShard, signal);
    this.discardTiles(plan.index);
    return outcome;
  }

  /** Removes what only an unfinished case needs. What cannot be removed now is left for the end of the run. */
  discardTiles(index: number): void {
    try {
      this.#removeTiles(index);
    } catch (error) {
      if (!(error instanceof MachineError) || hasLostOwnership(error)) throw error;
    }
  }

  #removeTiles(index: number): void {
    this.folder.removeTiles(index, this.cases[index]!.predictions.length + 1);
  }

  mergeRange(step: MergeStep, signal: AbortSignal): Promise<MergedKeys> {
    return this.#pool.run(step, signal);
  }

  /**
   * Evaluates and writes ranges by `merge`, in the threads by default, a class after the other in the result.
   * @throws PartialError when other keys were merged than were counted before
   */
  async mergeRanges(
    files: readonly ShardRef[],
    { jobs, keys }: OpenedShards,
    evaluate: boolean,
    target: (part: number) => ShardRef | null,
    signal: AbortSignal,
    merge: MergeRange = (step) => this.mergeRange(step, signal),
  ): Promise<{ lovasz: LovaszValues[] }> {
    if (!needsShards(this.settings)) return { lovasz: [] };
    const { address } = this.folder.store;
    const merged = await Promise.all(
      jobs.map((job, part) =>
        merge({ kind: 'merge-range', store: address, files, job, evaluate, target: target(part) }, signal),
      ),
    );
    const lovasz = this.settings.classes.map((_, index) => {
      const ranges = merged.filter((_, part) => jobs[part]!.range.class === index);
      return sumRanges(ranges, keys[index]!);
    });
    return { lovasz };
  }
}
