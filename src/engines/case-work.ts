/**
 * What is done with one case, step by step, by whoever runs it: an engine decides when and where, never what. Every step
 * leaves whole files in the run's folder, so each may be done again, by another process, after any kind of death.
 */
import { existsSync, rmSync, statSync } from 'node:fs';
import type { BufferBudget } from '../base/buffer-budget.ts';
import { InputError, MachineError, PartialError } from '../base/errors.ts';
import type { ManifestCase } from '../cases/types.ts';
import type { BoxErrors } from '../measures/box-errors/class-errors.ts';
import { quantityOf } from '../measures/quantities.ts';
import { addBucketSums, type BucketSums, type LovaszValues } from '../measures/sorted-errors/lovasz-sum.ts';
import type { RangeJob } from '../measures/sorted-errors/ranges.ts';
import type { Tally } from '../measures/tally/tally.ts';
import { type RowValues, tallyOf } from '../measures/tally/tally-of.ts';
import { unlikeFound } from '../measures/tile/borne-out.ts';
import { gateError } from '../measures/tile/gate-faults.ts';
import { nothingAudited, writeCaseAudit } from '../run/audit/record.ts';
import { AuditSample } from '../run/audit/sample.ts';
import { writeCaseErrors } from '../run/box-errors/case-errors.ts';
import { type CaseOutcomeRecord, writeOutcome } from '../run/case-outcome.ts';
import type { DataRoots } from '../run/data-roots.ts';
import { bundleCount } from '../run/plan/bundles.ts';
import { type CasePlan, channelHeaders, planCase } from '../run/plan/case-plan.ts';
import type { RunFolder } from '../run/run-folder.ts';
import type { CollectedRow } from '../run/tile-partial.ts';
import { parseAudit } from '../settings/audit-choice.ts';
import { needsShards, type RunSettings } from '../settings/run-settings.ts';
import type { MergeStep, TilesDone } from '../threads/steps.ts';
import type { ThreadPool } from '../threads/thread-pool.ts';
import { walkCase } from '../threads/walk-case.ts';
import { replacedInput } from '../volumes/input-stamps.ts';
import { stageRaw } from '../volumes/stage.ts';
import type { VolumeHeader } from '../volumes/types.ts';

/** A stored partial that is not whole is made again, each at most this often. */
const maxRepairs = 3;

/** Merges a range somewhere. */
export type MergeRange = (step: MergeStep, signal: AbortSignal) => Promise<BucketSums>;

export class CaseWork {
  readonly folder: RunFolder;
  readonly settings: RunSettings;
  readonly cases: readonly ManifestCase[];
  readonly #pool: ThreadPool;
  readonly #buffers: BufferBudget;
  readonly #threadBytes: () => number;
  readonly #dataRoots: DataRoots | undefined;
  readonly #sample: AuditSample | undefined;

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
    this.#threadBytes = threadBytes;
    this.#dataRoots = dataRoots;
    const audit = parseAudit(settings.audit ?? 'none');
    if (audit !== undefined) {
      this.#sample = new AuditSample(
        audit,
        cases.map(({ id }) => id),
      );
    }
  }

  /**
   * Reads the headers and stores the plan. Tiles that are there go on being used if this machine's memory holds the cut
   * that they come from, which another machine may have chosen. @throws InputError
   */
  async plan(index: number): Promise<CasePlan> {
    this.#dataRoots?.checkCase(this.cases[index]!);
    let plan = await planCase(this.cases[index]!, index, this.settings, this.#threadBytes());
    this.#dataRoots?.checkPlan(plan, this.folder.root);
    if (existsSync(this.folder.tiles(index))) {
      const cutAsBefore = await this.#cutAsBefore(plan);
      // Tiles of other files or another cut are not to be mixed with those to come.
      if (!cutAsBefore) this.folder.removeTiles(index, plan.predictions.length + 1);
      plan = cutAsBefore ?? plan;
    }
    this.folder.writePlan(plan);
    return plan;
  }

  /** The plan with the cut of the stored one, if that is of the same files and memory holds it. */
  async #cutAsBefore(plan: CasePlan): Promise<CasePlan | undefined> {
    const before = this.#planBefore(plan);
    if (!before) return undefined;
    const { tileShape, bundleTiles } = before;
    if (String(tileShape) === String(plan.tileShape) && bundleTiles === plan.bundleTiles) return plan;
    if (this.settings.tileShape !== null) return undefined;
    try {
      const settings = { ...this.settings, tileShape };
      const again = await planCase(this.cases[plan.index]!, plan.index, settings, this.#threadBytes());
      return again.bundleTiles < bundleTiles ? undefined : { ...again, bundleTiles };
    } catch (error) {
      if (error instanceof InputError) return undefined;
      throw error;
    }
  }

  /** The stored plan of the same files, unchanged. */
  #planBefore({ index, inputs }: CasePlan): CasePlan | undefined {
    try {
      const before = this.folder.readPlan(index);
      return JSON.stringify(before.inputs) === JSON.stringify(inputs) ? before : undefined;
    } catch (error) {
      if (error instanceof PartialError) return undefined;
      throw error;
    }
  }

  /** Inflates the gzip files of a case to raw ones and stores the plan that reads those. @throws InputError */
  async stage(plan: CasePlan, signal: AbortSignal): Promise<CasePlan> {
    const stageOne = (header: VolumeHeader, file: number) =>
      header.compressed ? stageRaw(header, this.folder.staged(plan.index, file), signal) : header;
    const predictions: VolumeHeader[] = [];
    for (const header of plan.predictions) predictions.push(await stageOne(header, predictions.length));
    const reference = await stageOne(plan.reference, predictions.length);
    const staged: CasePlan = { ...plan, mode: 'tiles', predictions, reference };
    this.folder.writePlan(staged);
    return staged;
  }

  /** Bundles whose files are not there yet. */
  missingBundles(plan: CasePlan): number[] {
    const bundles = Array.from({ length: bundleCount(plan) }, (_, bundle) => bundle);
    return existsSync(this.folder.tiles(plan.index))
      ? bundles.filter((bundle) => !existsSync(this.folder.bundle(plan.index, bundle)))
      : bundles;
  }

  scoreBundle(index: number, bundle: number, signal: AbortSignal): Promise<TilesDone> {
    return this.#pool.run({ kind: 'score-bundle', root: this.folder.root, case: index, bundle }, signal);
  }

  /** Reads a gzip case once from its start and scores its tiles on the way. @throws InputError */
  async walk(plan: CasePlan, signal: AbortSignal, onTiles: (done: TilesDone) => void): Promise<void> {
    const missing = new Set(this.missingBundles(plan));
    return walkCase(this.#pool, this.#buffers, this.folder.root, plan, missing, signal, onTiles);
  }

  /**
   * Reduces a case whose tiles are all there and stores its outcome; `keepShard` writes its merged shard as well.
   * A partial that is torn, corrupt or of another plan is removed and PartialError thrown: make it again.
   */
  async reduce(plan: CasePlan, keepShard: boolean, signal: AbortSignal): Promise<CaseOutcomeRecord> {
    const entry = this.cases[plan.index]!;
    const replaced = replacedInput(plan.inputs);
    if (replaced !== undefined) {
      throw new InputError(
        'file-replaced',
        `case ${entry.id}: ${replaced} was replaced while it was scored; go on with --resume to score it anew`,
        { caseId: entry.id, file: replaced },
      );
    }
    try {
      const { gate, rows } = await this.#pool.run(
        { kind: 'open-case', root: this.folder.root, case: plan.index },
        signal,
      );
      const error = gateError(
        entry.id,
        gate.faults,
        {
          predictions: channelHeaders(plan.predictions).map(({ path }) => path),
          reference: plan.reference.path,
        },
        plan.shape,
        this.settings,
      );
      const found = Object.fromEntries(rows.map(({ id, collected }) => [id, collected]));
      const tally = tallyOf(this.settings, gate, found);
      const unlike = unlikeFound(entry.id, entry.predictions[0]!, tally, this.settings);
      if (error ?? unlike) throw error ?? unlike;
      await this.#audit(plan, signal);
      const { values, shardFiles } = await this.#finishRows(plan, rows, keepShard, signal);
      const outcome = this.#scored(plan, tally, values, shardFiles);
      // Before the outcome: where that stands, the rest of the case does.
      this.#writeErrors(plan, values['box-errors'] as BoxErrors);
      writeOutcome(this.folder, outcome);
      this.folder.removeTiles(plan.index, plan.predictions.length + 1);
      return outcome;
    } catch (error) {
      if (error instanceof PartialError && error.place.file) rmSync(error.place.file, { force: true });
      throw error;
    }
  }

  /** Has the chosen tiles computed again as long as their partials are there, and stores what was found. */
  async #audit(plan: CasePlan, signal: AbortSignal): Promise<void> {
    if (this.#sample === undefined) return;
    const tiles = this.#sample.tilesOf(plan);
    const audit =
      tiles.length === 0
        ? nothingAudited(plan)
        : await this.#pool.run(
            { kind: 'audit-case', root: this.folder.root, case: plan.index, tiles },
            signal,
          );
    writeCaseAudit(this.folder, audit);
  }

  mergeRange(step: MergeStep, signal: AbortSignal): Promise<BucketSums> {
    return this.#pool.run(step, signal);
  }

  /** Evaluates and writes ranges by `merge`, in the threads unless told, a class after the other in the result. */
  async mergeRanges(
    files: readonly string[],
    jobs: readonly RangeJob[],
    evaluate: boolean,
    target: ((part: number) => string) | null,
    signal: AbortSignal,
    merge: MergeRange = (step) => this.mergeRange(step, signal),
  ): Promise<{ lovasz: LovaszValues[]; shardFiles: string[] }> {
    if (!needsShards(this.settings)) return { lovasz: [], shardFiles: [] };
    const shardFiles: string[] = [];
    const sums = await Promise.all(
      jobs.map((job, part) => {
        const path = target ? target(part) : null;
        if (path) shardFiles.push(path);
        return merge(
          { kind: 'merge-range', root: this.folder.root, files, job, evaluate, target: path },
          signal,
        );
      }),
    );
    const lovasz = this.settings.classes.map((_, index) =>
      addBucketSums(sums.filter((_sums, part) => jobs[part]!.range.class === index)),
    );
    return { lovasz, shardFiles };
  }

  /** Does `attempt` again after `remake` when a stored partial was not to be believed. */
  async withRepairs<T>(attempt: () => Promise<T>, remake: () => Promise<void>): Promise<T> {
    const repairs = new Map<string, number>();
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof PartialError)) throw error;
        const { file = '' } = error.place;
        const made = repairs.get(file) ?? 0;
        if (made === maxRepairs) {
          throw new MachineError(
            'partials-unreliable',
            `a stored partial was made ${maxRepairs} times and still is not whole: ${error.message}`,
            { cause: error },
          );
        }
        repairs.set(file, made + 1);
        await remake();
      }
    }
  }

  /** Has the jobs that the rows have left done in the threads, and makes the values of the case. */
  async #finishRows(
    plan: CasePlan,
    rows: readonly CollectedRow[],
    keepShard: boolean,
    signal: AbortSignal,
  ): Promise<{ values: RowValues; shardFiles: string[] }> {
    const shardFiles: string[] = [];
    const entries = await Promise.all(
      rows.map(async ({ id, collected, jobs }) => {
        const row = quantityOf(id);
        const results = jobs.map((job, part) => {
          const target = keepShard && row.writesShards ? this.folder.caseShard(plan.index, part) : null;
          if (target !== null) shardFiles.push(target);
          return this.#pool.run(
            { kind: 'case-job', root: this.folder.root, case: plan.index, quantity: id, job, target },
            signal,
          );
        });
        return [id, row.finish(collected, await Promise.all(results), this.settings)] as const;
      }),
    );
    return { values: Object.fromEntries(entries), shardFiles };
  }

  #writeErrors({ index, shape, tileShape, reference }: CasePlan, errors: BoxErrors): void {
    const { affine, affineSource } = reference;
    const { boxShape, voxels, classes } = errors;
    writeCaseErrors(this.folder, index, {
      shape,
      tileShape,
      boxShape,
      affine,
      affineSource,
      voxels,
      classes,
    });
  }

  #scored(plan: CasePlan, tally: Tally, values: RowValues, shardFiles: readonly string[]): CaseOutcomeRecord {
    const recorded = Object.entries(values).filter(([id]) => quantityOf(id).schema !== undefined);
    return {
      index: plan.index,
      status: 'ok',
      shape: plan.shape,
      spacingMm: plan.reference.spacingMm,
      voxelMm3: plan.reference.voxelMm3,
      tally,
      lovasz: (values['sorted-errors'] as readonly LovaszValues[] | undefined) ?? [],
      ...(recorded.length > 0 && { measured: Object.fromEntries(recorded) }),
      shards: shardFiles.length,
      shardBytes: shardFiles.reduce((sum, file) => sum + statSync(file).size, 0),
      inputs: plan.inputs,
    };
  }
}
