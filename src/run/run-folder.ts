/**
 * What a run keeps in its store. Names are what a file is of (case, tile), so a rerun writes the same names again.
 *
 *   settings.json            what is computed (RunSettings)
 *   cases.json               the cases with their files, in manifest order, and the folder of relative paths
 *   plans/CASE.json          how a case is cut, where more than one step reads it
 *   tiles/CASE/BUNDLE.shard  tally and shards of each tile of a bundle; gone when the case is reduced
 *   staged/CASE-N.raw        inflated copies of gzip files; gone when the case is reduced
 *   cases/CASE.json          what became of a case: its tally and sorted losses, and behind them which boxes hold its errors; or why
 *                            it has no score
 *   errors/CASE.json         that list, of cases that an earlier version scored
 *   audit/CASE.json          what the audit of a case found, where one was asked for
 *   shards/CASE-PART.shard   a case's merged shards
 *   kept/CASE-ROW-NAME       what a row keeps of a case
 *   pool/SET.json, SET-PART.shard  merged shards of several cases, named by the set
 *   pool.json                the sorted losses of all cases together, and of which set they are
 *   damaged/                 what failed its checksum, for whoever wants to know why
 */
import { resolve } from 'node:path';
import * as z from 'zod';
import { type ManifestCase, manifestCaseSchema } from '../cases/types.ts';
import type { KeptFiles } from '../measures/quantity.ts';
import { type RunSettings, runSettingsSchema } from '../settings/run-settings.ts';
import { type CasePlan, casePlanSchema } from './plan/case-plan.ts';
import { getRecord, openPartial, putRecord } from './records.ts';
import type { Store } from './store.ts';

/** Folder of the run's state inside the folder of its results. */
export const workFolder = 'work';

/** Where a run's merged shards lie, and those of several cases. */
export const shardFolder = 'shards';
export const poolFolder = 'pool';
/** Where the outcomes of its cases lie. */
export const outcomeFolder = 'cases';

function number(value: number): string {
  return String(value).padStart(6, '0');
}

export class RunFolder {
  readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  /** Path or address, for messages. */
  get path(): string {
    return this.store.pathOf('');
  }

  readonly settings = 'settings.json';
  readonly cases = 'cases.json';
  readonly poolOutcome = 'pool.json';

  bundle(caseIndex: number, bundle: number): string {
    return `${this.tiles(caseIndex)}/${number(bundle)}.shard`;
  }

  tiles(caseIndex: number): string {
    return `tiles/${number(caseIndex)}`;
  }

  staged(caseIndex: number, file: number): string {
    return `staged/${number(caseIndex)}-${file}.raw`;
  }

  caseOutcome(caseIndex: number): string {
    return `${outcomeFolder}/${number(caseIndex)}.json`;
  }

  /** Where earlier versions kept what is behind the outcome now. */
  earlierErrors(caseIndex: number): string {
    return `errors/${number(caseIndex)}.json`;
  }

  caseAudit(caseIndex: number): string {
    return `audit/${number(caseIndex)}.json`;
  }

  caseShard(caseIndex: number, part: number): string {
    return `${shardFolder}/${number(caseIndex)}-${part}.shard`;
  }

  /** A file that a row keeps of a case. */
  keptFile(caseIndex: number, quantity: string, name: string): string {
    return `kept/${number(caseIndex)}-${quantity}-${name}`;
  }

  /** What a row keeps of a case. */
  keptOf({ index, of }: { readonly index: number; readonly of: string }, quantity: string): KeptFiles {
    return {
      of,
      put: (name, pieces) => this.store.put(this.keptFile(index, quantity, name), pieces),
      open: (name) => openPartial(this.store, this.keptFile(index, quantity, name)),
    };
  }

  /** `name` is that of the set of cases (`nameOfCases`). */
  poolRecord(name: string): string {
    return `${poolFolder}/${name}.json`;
  }

  poolShard(name: string, part: number): string {
    return `${poolFolder}/${name}-${part}.shard`;
  }

  plan(caseIndex: number): string {
    return `plans/${number(caseIndex)}.json`;
  }

  /** `base`: the folder from which relative paths of the cases count. */
  writeCases(cases: readonly ManifestCase[], base: string): void {
    putRecord(this.store, this.cases, casesKind, { cases, base });
  }

  /** Written last: a folder with settings has its cases. */
  writeSettings(settings: RunSettings): void {
    putRecord(this.store, this.settings, settingsKind, settings);
  }

  readSettings(): RunSettings {
    return getRecord(this.store, this.settings, settingsKind);
  }

  readCases(): ManifestCase[] {
    return getRecord(this.store, this.cases, casesKind).cases;
  }

  /** The cases with whole paths, to read them from any folder, and the folder from which relative paths of the run count. */
  readCasesInPlace(): { readonly cases: ManifestCase[]; readonly base: string } {
    const { cases, base } = getRecord(this.store, this.cases, casesKind);
    return { cases: cases.map((entry) => inPlace(entry, base)), base };
  }

  writePlan(plan: CasePlan): void {
    putRecord(this.store, this.plan(plan.index), planKind, plan);
  }

  /** @throws PartialError when there is none that can be believed. */
  readPlan(caseIndex: number): CasePlan {
    return getRecord(this.store, this.plan(caseIndex), planKind);
  }

  /** Removes what only an unfinished case needs. */
  removeTiles(caseIndex: number, stagedFiles: number): void {
    this.store.clear(this.tiles(caseIndex));
    for (let file = 0; file < stagedFiles; file++) this.store.remove(this.staged(caseIndex, file));
  }
}

const settingsKind = { version: 1, schema: runSettingsSchema };
const casesKind = {
  version: 1,
  schema: z.object({
    cases: z.array(manifestCaseSchema),
    // Runs of older programs did not keep it.
    base: z.string().default(() => process.cwd()),
  }),
};
const planKind = { version: 1, schema: casePlanSchema };

function inPlace(entry: ManifestCase, base: string): ManifestCase {
  return {
    ...entry,
    predictions: entry.predictions.map((file) => resolve(base, file)),
    reference: resolve(base, entry.reference),
    ...(entry.image !== undefined && { image: resolve(base, entry.image) }),
  };
}
