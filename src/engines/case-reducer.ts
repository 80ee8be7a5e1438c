/** From the partials of a case to its outcome: its sums, the work that its rows have left, what was audited, the record. */
import { allDone } from '../base/all-done.ts';
import { InputError } from '../base/errors.ts';
import type { ManifestCase } from '../cases/types.ts';
import type { BoxErrors } from '../measures/box-errors/class-errors.ts';
import { quantityOf } from '../measures/quantities.ts';
import type { LovaszValues } from '../measures/sorted-errors/lovasz-sum.ts';
import { addKeys, type KeyCounts, keysDiffer, sameKeys } from '../measures/sorted-errors/merger.ts';
import type { Tally } from '../measures/tally/tally.ts';
import { type RowValues, tallyOf } from '../measures/tally/tally-of.ts';
import { unlikeFound } from '../measures/tile/borne-out.ts';
import { gateError } from '../measures/tile/gate-faults.ts';
import { nothingAudited, writeCaseAudit } from '../run/audit/record.ts';
import type { AuditSample } from '../run/audit/sample.ts';
import { type CaseOutcomeRecord, writeOutcome } from '../run/case-outcome.ts';
import { keysOf } from '../run/outcome-book.ts';
import { type CasePlan, channelHeaders } from '../run/plan/case-plan.ts';
import type { RunFolder } from '../run/run-folder.ts';
import { type CollectedCase, type CollectedRow, type ShardRef, stagedChanged } from '../run/tile-partial.ts';
import type { RunSettings } from '../settings/run-settings.ts';
import type { CaseScored } from '../threads/steps.ts';
import type { ThreadPool } from '../threads/thread-pool.ts';
import { replacedInput } from '../volumes/input-stamps.ts';

export class CaseReducer {
  readonly #folder: RunFolder;
  readonly #settings: RunSettings;
  readonly #cases: readonly ManifestCase[];
  readonly #pool: ThreadPool;
  readonly #sample: AuditSample | undefined;

  constructor(
    folder: RunFolder,
    settings: RunSettings,
    cases: readonly ManifestCase[],
    pool: ThreadPool,
    sample: AuditSample | undefined,
  ) {
    this.#folder = folder;
    this.#settings = settings;
    this.#cases = cases;
    this.#pool = pool;
    this.#sample = sample;
  }

  /**
   * Reduces a case whose tiles are all there and stores its outcome; `keepShard` writes its merged shard as well.
   * @throws PartialError for a partial that is torn, corrupt or of another plan; InputError for a case that has no score
   */
  async reduce(plan: CasePlan, keepShard: boolean, signal: AbortSignal): Promise<CaseOutcomeRecord> {
    const { index, id } = plan;
    this.#checkInputs(plan);
    const { address } = this.#folder.store;
    const collected = await this.#pool.run(
      { kind: 'open-case', store: address, case: index, plan: id },
      signal,
    );
    const tally = this.#checkedTally(plan, collected);
    await this.#audit(plan, signal);
    const { values, shards } = await this.#finishRows(plan, collected.rows, keepShard, signal);
    return this.#store(plan, tally, values, shards);
  }

  /** The same of a case that was scored in one step. Shards of a case that has no score are removed. */
  async reduceTile(
    plan: CasePlan,
    { collected, shards }: CaseScored,
    signal: AbortSignal,
  ): Promise<CaseOutcomeRecord> {
    try {
      this.#checkInputs(plan);
      const tally = this.#checkedTally(plan, collected);
      await this.#audit(plan, signal);
      const left = collected.rows.filter(({ id }) => !(id in collected.values));
      const { values } = await this.#finishRows(plan, left, false, signal);
      return this.#store(plan, tally, { ...values, ...collected.values }, shards);
    } catch (error) {
      if (error instanceof InputError) this.removeShards(shards);
      throw error;
    }
  }

  /** Of a case that has no score. */
  removeShards(shards: readonly ShardRef[]): void {
    for (const { name } of shards) this.#folder.store.remove(name);
  }

  /** Whether some tile of the case is computed again, for which its partial must be stored. */
  isAudited(plan: CasePlan): boolean {
    return this.#sample !== undefined && this.#sample.tilesOf(plan).length > 0;
  }

  /** @throws InputError where a file is another one than was planned, PartialError where an inflated copy is. */
  #checkInputs({ index, inputs, staged }: CasePlan): void {
    const { id } = this.#cases[index]!;
    const replaced = replacedInput(inputs);
    if (replaced !== undefined) {
      throw new InputError(
        'file-replaced',
        `case ${id}: ${replaced} was replaced while it was scored; go on with --resume to score it anew`,
        { caseId: id, file: replaced },
      );
    }
    const spoiled = replacedInput(staged);
    if (spoiled !== undefined) throw stagedChanged(spoiled);
  }

  /** The sums of the case, where its voxels may be scored. @throws InputError, PartialError where shards hold other voxels */
  #checkedTally(plan: CasePlan, { gate, rows }: CollectedCase): Tally {
    const entry = this.#cases[plan.index]!;
    const files = {
      predictions: channelHeaders(plan.predictions).map(({ path }) => path),
      reference: plan.reference.path,
    };
    const error = gateError(entry.id, gate.faults, files, plan.shape, this.#settings);
    const found = Object.fromEntries(rows.map(({ id, collected }) => [id, collected]));
    const tally = tallyOf(this.#settings, gate, found);
    const unlike = unlikeFound(entry.id, entry.predictions[0]!, tally, this.#settings);
    if (error ?? unlike) throw error ?? unlike;
    checkKeys((found['sorted-errors'] as readonly KeyCounts[] | undefined) ?? [], [keysOf(tally)]);
    return tally;
  }

  /** Has the chosen tiles computed again as long as their partials are there, and stores what was found. */
  async #audit(plan: CasePlan, signal: AbortSignal): Promise<void> {
    if (this.#sample === undefined) return;
    const tiles = this.#sample.tilesOf(plan);
    const audit =
      tiles.length === 0
        ? nothingAudited(plan)
        : await this.#pool.run(
            { kind: 'audit-case', store: this.#folder.store.address, case: plan.index, plan: plan.id, tiles },
            signal,
          );
    writeCaseAudit(this.#folder, plan.of, audit);
  }

  /** Has the jobs that the rows have left done in the threads, and makes the values of the case. */
  async #finishRows(
    { index, id: plan, of }: CasePlan,
    rows: readonly CollectedRow[],
    keepShard: boolean,
    signal: AbortSignal,
  ): Promise<{ values: RowValues; shards: ShardRef[] }> {
    const { address: store } = this.#folder.store;
    const shards: ShardRef[] = [];
    const entries = await allDone(
      rows.map(async ({ id, collected, jobs }) => {
        const row = quantityOf(id);
        const results = jobs.map((job, part) => {
          const target =
            keepShard && row.writesShards ? { name: this.#folder.caseShard(index, part), of } : null;
          if (target !== null) shards.push(target);
          return this.#pool.run(
            { kind: 'case-job', store, case: index, plan, quantity: id, job, target },
            signal,
          );
        });
        return [
          id,
          row.finish(collected, await allDone(results), {
            settings: this.#settings,
            kept: this.#folder.keptOf({ index, of }, id),
          }),
        ] as const;
      }),
    );
    return { values: Object.fromEntries(entries), shards };
  }

  /** Stores the outcome: where that is, the rest of the case is. */
  #store(plan: CasePlan, tally: Tally, values: RowValues, shards: readonly ShardRef[]): CaseOutcomeRecord {
    const { shape, tileShape, reference } = plan;
    const { affine, affineSource } = reference;
    const { boxShape, voxels, classes } = values['box-errors'] as BoxErrors;
    const outcome = this.#scored(plan, tally, values, shards);
    const errors = { shape, tileShape, boxShape, affine, affineSource, voxels, classes };
    writeOutcome(this.#folder, outcome, errors);
    return outcome;
  }

  #scored(plan: CasePlan, tally: Tally, values: RowValues, shards: readonly ShardRef[]): CaseOutcomeRecord {
    const { store } = this.#folder;
    const recorded = Object.entries(values).filter(([id]) => quantityOf(id).schema !== undefined);
    return {
      index: plan.index,
      status: 'ok',
      of: plan.of,
      shape: plan.shape,
      spacingMm: plan.reference.spacingMm,
      ...(plan.reference.unsizedAxes && { unsizedAxes: plan.reference.unsizedAxes }),
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

/** Whether shards hold the voxels of each class that were tallied, of all cases together. @throws PartialError */
export function checkKeys(keys: readonly KeyCounts[], cases: readonly (readonly KeyCounts[])[]): void {
  for (const [index, found] of keys.entries()) {
    const tallied = addKeys(cases.map((counts) => counts[index]!));
    if (!sameKeys(found, tallied)) throw keysDiffer(found, tallied);
  }
}
