/**
 * What is done with one case, step by step, by whoever runs it: an engine decides when and where, never what. Every step
 * leaves whole files in the run's folder, so each may be done again, by another process, after any kind of death.
 */
import { basename } from 'node:path';
import type { BufferBudget } from '../base/buffer-budget.ts';
import { InputError, MachineError, PartialError } from '../base/errors.ts';
import type { ManifestCase } from '../cases/types.ts';
import type { BoxErrors } from '../measures/box-errors/class-errors.ts';
import { quantityOf } from '../measures/quantities.ts';
import type { LovaszValues } from '../measures/sorted-errors/lovasz-sum.ts';
import {
  addKeys,
  type KeyCounts,
  keysDiffer,
  type MergedKeys,
  sameKeys,
} from '../measures/sorted-errors/merger.ts';
import { sumRanges } from '../measures/sorted-errors/row.ts';
import type { Tally } from '../measures/tally/tally.ts';
import { type RowValues, tallyOf } from '../measures/tally/tally-of.ts';
import { unlikeFound } from '../measures/tile/borne-out.ts';
import { gateError } from '../measures/tile/gate-faults.ts';
import { nothingAudited, writeCaseAudit } from '../run/audit/record.ts';
import { AuditSample } from '../run/audit/sample.ts';
import { writeCaseErrors } from '../run/box-errors/case-errors.ts';
import { type CaseOutcomeRecord, writeOutcome } from '../run/case-outcome.ts';
import type { DataRoots } from '../run/data-roots.ts';
import { hasLostOwnership } from '../run/fence.ts';
import { planIdentity } from '../run/identity.ts';
import { bundleCount } from '../run/plan/bundles.ts';
import { type CasePlan, channelHeaders, planCase } from '../run/plan/case-plan.ts';
import { outOfTheWay } from '../run/records.ts';
import type { RunFolder } from '../run/run-folder.ts';
import type { Store } from '../run/store.ts';
import { type CollectedRow, eachShard, type ShardRef, stagedChanged } from '../run/tile-partial.ts';
import { parseAudit } from '../settings/audit-choice.ts';
import { needsShards, type RunSettings } from '../settings/run-settings.ts';
import type { MergeStep, OpenedShards, TilesDone } from '../threads/steps.ts';
import type { ThreadPool } from '../threads/thread-pool.ts';
import { walkCase } from '../threads/walk-case.ts';
import { replacedInput, stampInputs } from '../volumes/input-stamps.ts';
import { stageRaw } from '../volumes/stage.ts';
import type { VolumeHeader } from '../volumes/types.ts';

/** A stored partial that is not whole is made again, each at most this often. */
const maxRepairs = 3;

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
   * Plans a case: reads its headers and inflates what must be. A plan of this start of the run that still holds is gone on
   * with. Tiles that are there go on being used if this machine's memory holds the cut that they come from, which another
   * machine may have chosen. @throws InputError
   */
  async plan(index: number, signal: AbortSignal): Promise<CasePlan> {
    this.#dataRoots?.checkCase(this.cases[index]!);
    const planned = await planCase(this.cases[index]!, index, this.settings, this.#threadBytes());
    this.#dataRoots?.checkPlan(planned, this.folder.path);
    const before = this.#planBefore(index);
    const plan = {
      ...((before && (await this.#cutAsBefore(planned, before))) ?? planned),
      start: this.#start,
    };
    if (before?.id === plan.id && before.start === plan.start && isIntact(before)) return before;
    // Tiles of another plan would be refused; a plan that cannot be read says nothing about them.
    if (before !== undefined && before.id !== plan.id) {
      this.folder.removeTiles(index, plan.predictions.length + 1);
    }
    const ready = plan.mode === 'stage' ? await this.#stage(plan, signal) : plan;
    this.folder.writePlan(ready);
    return ready;
  }

  /** The plan with the cut of the stored one, if that is of the same files and memory holds it. */
  async #cutAsBefore(plan: CasePlan, before: CasePlan): Promise<CasePlan | undefined> {
    const { tileShape, bundleTiles } = before;
    if (before.of !== plan.of || before.id === plan.id || this.settings.tileShape !== null) return undefined;
    if (this.folder.store.list(this.folder.tiles(plan.index)).length === 0) return undefined;
    try {
      const settings = { ...this.settings, tileShape };
      const again = await planCase(this.cases[plan.index]!, plan.index, settings, this.#threadBytes());
      if (again.bundleTiles < bundleTiles) return undefined;
      return { ...again, bundleTiles, id: planIdentity(plan.of, this.settings, { ...again, bundleTiles }) };
    } catch (error) {
      if (error instanceof InputError) return undefined;
      throw error;
    }
  }

  /** The plan that this start of the run has made of a case; made again where it was damaged, or its inflated copies were. */
  async planned(index: number, signal: AbortSignal): Promise<CasePlan> {
    const plan = this.#planBefore(index);
    return plan?.start === this.#start && isIntact(plan) ? plan : this.plan(index, signal);
  }

  /** Number of this start of the run among all. */
  get #start(): number {
    return this.folder.store.address.fence?.number ?? 0;
  }

  #planBefore(index: number): CasePlan | undefined {
    try {
      return this.folder.readPlan(index);
    } catch (error) {
      if (error instanceof PartialError) return undefined;
      throw error;
    }
  }

  /** Inflates the gzip files of a case to raw ones and gives the plan that reads those. @throws InputError */
  async #stage(plan: CasePlan, signal: AbortSignal): Promise<CasePlan> {
    const copies: string[] = [];
    const stageOne = (header: VolumeHeader, file: number) => {
      if (!header.compressed) return header;
      const path = this.folder.store.scratch(this.folder.staged(plan.index, file));
      copies.push(path);
      return stageRaw(header, path, signal);
    };
    const predictions: VolumeHeader[] = [];
    for (const header of plan.predictions) predictions.push(await stageOne(header, predictions.length));
    const reference = await stageOne(plan.reference, predictions.length);
    return { ...plan, mode: 'tiles', predictions, reference, staged: stampInputs(copies) };
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
    const missing = new Set(this.missingBundles(plan));
    const { address } = this.folder.store;
    return walkCase(this.#pool, this.#buffers, address, plan, missing, signal, onTiles);
  }

  /**
   * Reduces a case whose tiles are all there and stores its outcome; `keepShard` writes its merged shard as well.
   * @throws PartialError for a partial that is torn, corrupt or of another plan: `repair`, and make it again
   */
  async reduce(plan: CasePlan, keepShard: boolean, signal: AbortSignal): Promise<CaseOutcomeRecord> {
    const { index, id } = plan;
    const entry = this.cases[index]!;
    const replaced = replacedInput(plan.inputs);
    if (replaced !== undefined) {
      throw new InputError(
        'file-replaced',
        `case ${entry.id}: ${replaced} was replaced while it was scored; go on with --resume to score it anew`,
        { caseId: entry.id, file: replaced },
      );
    }
    const spoiled = replacedInput(plan.staged);
    if (spoiled !== undefined) throw stagedChanged(spoiled);
    const { address } = this.folder.store;
    const { gate, rows } = await this.#pool.run(
      { kind: 'open-case', store: address, case: index, plan: id },
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
    this.checkKeys((found['sorted-errors'] as readonly KeyCounts[] | undefined) ?? [], [tally]);
    const { values, shards } = await this.#finishRows(plan, rows, keepShard, signal);
    const outcome = this.#scored(plan, tally, values, shards);
    // Before the outcome: where that stands, the rest of the case does.
    this.#writeErrors(plan, values['box-errors'] as BoxErrors);
    writeOutcome(this.folder, outcome);
    this.discardTiles(index);
    return outcome;
  }

  /** Removes what only an unfinished case needs. What cannot be removed now is left for the end of the run. */
  discardTiles(index: number): void {
    try {
      this.folder.removeTiles(index, this.cases[index]!.predictions.length + 1);
    } catch (error) {
      if (!(error instanceof MachineError) || hasLostOwnership(error)) throw error;
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
            { kind: 'audit-case', store: this.folder.store.address, case: plan.index, plan: plan.id, tiles },
            signal,
          );
    writeCaseAudit(this.folder, plan.of, audit);
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

  /** Whether shards hold the voxels that were tallied. @throws PartialError */
  checkKeys(keys: readonly KeyCounts[], tallies: readonly Tally[]): void {
    for (const [index, found] of keys.entries()) {
      const tallied = addKeys(
        tallies.map(({ voxels, classes }) => {
          const { foreground } = classes[index]!;
          return { foreground, background: voxels - foreground };
        }),
      );
      if (!sameKeys(found, tallied)) throw keysDiffer(found, tallied);
    }
  }

  /**
   * Does `attempt` again, from the plan on, when something stored was not to be believed. It is told how often that was.
   * @throws MachineError when it does not help
   */
  async withRepairs<T>(index: number, attempt: (repairs: number) => Promise<T>): Promise<T> {
    const repairs = new Map<string, number>();
    for (let count = 0; ; count++) {
      try {
        return await attempt(count);
      } catch (error) {
        if (!(error instanceof PartialError)) throw error;
        const { record = '' } = error.place;
        const made = repairs.get(record) ?? 0;
        if (made === maxRepairs) {
          throw new MachineError(
            'partials-unreliable',
            `a stored partial was made ${maxRepairs} times and still is not whole: ${error.message}`,
            { cause: error },
          );
        }
        repairs.set(record, made + 1);
        this.#repair(index, error);
      }
    }
  }

  /** What is damaged is set aside; what is of something else goes, and its like with it. */
  #repair(index: number, error: PartialError): void {
    const { record } = error.place;
    if (error.code === 'plan-of-another') return;
    if (record === undefined || error.code === 'staged-changed') {
      this.folder.removeTiles(index, this.cases[index]!.predictions.length + 1);
      return;
    }
    if (error.code !== 'partial-of-another') {
      outOfTheWay(this.folder.store, error);
      // Threads read it; it is known here.
      if (record === this.folder.settings) this.folder.writeSettings(this.settings);
      return;
    }
    const plan = this.#planBefore(index);
    const isOfPlan = (name: string) =>
      plan !== undefined && carries(this.folder.store, { name, of: plan.id });
    const tiles = this.folder.tiles(index);
    for (const name of this.folder.store.list(tiles).map((bundle) => `${tiles}/${bundle}`)) {
      if (name === record || (name.endsWith('.shard') && !isOfPlan(name))) this.folder.store.remove(name);
    }
  }

  /** Has the jobs that the rows have left done in the threads, and makes the values of the case. */
  async #finishRows(
    { index, id: plan, of }: CasePlan,
    rows: readonly CollectedRow[],
    keepShard: boolean,
    signal: AbortSignal,
  ): Promise<{ values: RowValues; shards: ShardRef[] }> {
    const { address: store } = this.folder.store;
    const shards: ShardRef[] = [];
    const entries = await Promise.all(
      rows.map(async ({ id, collected, jobs }) => {
        const row = quantityOf(id);
        const results = jobs.map((job, part) => {
          const target =
            keepShard && row.writesShards ? { name: this.folder.caseShard(index, part), of } : null;
          if (target !== null) shards.push(target);
          return this.#pool.run(
            { kind: 'case-job', store, case: index, plan, quantity: id, job, target },
            signal,
          );
        });
        return [
          id,
          row.finish(collected, await Promise.all(results), {
            settings: this.settings,
            kept: this.folder.keptOf({ index, of }, id),
          }),
        ] as const;
      }),
    );
    return { values: Object.fromEntries(entries), shards };
  }

  #writeErrors({ index, of, shape, tileShape, reference }: CasePlan, errors: BoxErrors): void {
    const { affine, affineSource } = reference;
    const { boxShape, voxels, classes } = errors;
    writeCaseErrors(this.folder, index, {
      of,
      shape,
      tileShape,
      boxShape,
      affine,
      affineSource,
      voxels,
      classes,
    });
  }

  #scored(plan: CasePlan, tally: Tally, values: RowValues, shards: readonly ShardRef[]): CaseOutcomeRecord {
    const { store } = this.folder;
    const recorded = Object.entries(values).filter(([id]) => quantityOf(id).schema !== undefined);
    return {
      index: plan.index,
      status: 'ok',
      of: plan.of,
      shape: plan.shape,
      spacingMm: plan.reference.spacingMm,
      voxelMm3: plan.reference.voxelMm3,
      tally,
      lovasz: (values['sorted-errors'] as readonly LovaszValues[] | undefined) ?? [],
      ...(recorded.length > 0 && { measured: Object.fromEntries(recorded) }),
      shards: shards.length,
      shardBytes: shards.reduce((sum, { name }) => sum + (store.size(name) ?? 0), 0),
      inputs: plan.inputs,
    };
  }
}

/** Whether the inflated copies of a plan are as they were made. */
function isIntact({ staged }: CasePlan): boolean {
  return stampInputs(staged.map(({ file }) => file)).length === staged.length && !replacedInput(staged);
}

/** Whether the first shard of a file carries the identity that it should; damage is told where the file is used. */
function carries(store: Store, file: ShardRef): boolean {
  try {
    for (const _ of eachShard(store, [file])) return true;
    return true;
  } catch (error) {
    if (error instanceof PartialError) return error.code !== 'partial-of-another';
    throw error;
  }
}
