/**
 * The run's own folder: everything that a run must remember stands in it, and nothing else does. Names are what a file
 * is of (case, tile), so a rerun writes the same names again.
 *
 *   settings.json            what is computed (RunSettings)
 *   cases.json               the cases with their files, in manifest order
 *   plans/CASE.json          how a case is cut
 *   tiles/CASE/BUNDLE.shard  tally and shards of each tile of a bundle; gone when the case is reduced
 *   staged/CASE-N.raw        inflated copies of gzip files; gone when the case is reduced
 *   cases/CASE.json          what became of a case: its tally and sorted losses, or its error
 *   errors/CASE.json         which tiles hold the case's errors
 *   audit/CASE.json          what the audit of a case found, where one was asked for
 *   shards/CASE-PART.shard   a case's merged shards
 *   kept/CASE-ROW-NAME       what a row keeps of a case
 *   pool/SET.json, SET-PART.shard  merged shards of several cases, named by the set
 *   pool.json                the sorted losses of all cases together, and of which set they are
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import * as z from 'zod';
import { PartialError } from '../base/errors.ts';
import { isAbandoned, writeText } from '../base/write-whole.ts';
import type { ManifestCase } from '../cases/types.ts';
import type { KeptFiles } from '../measures/quantity.ts';
import { masksName, measuredName, shapesId } from '../measures/shapes/row.ts';
import { bigintsAsText } from '../measures/tally/serialise.ts';
import type { RunSettings } from '../settings/run-settings.ts';
import { inputStamps } from '../volumes/input-stamps.ts';
import type { CasePlan } from './plan/case-plan.ts';

/** Folder of the run's state inside the folder of its results. */
export const workFolder = 'work';

function number(value: number): string {
  return String(value).padStart(6, '0');
}

export class RunFolder {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  create(): void {
    for (const folder of ['plans', 'tiles', 'staged', 'cases', 'errors', 'audit', 'shards', 'kept', 'pool']) {
      mkdirSync(join(this.root, folder), { recursive: true });
    }
  }

  bundle(caseIndex: number, bundle: number): string {
    return join(this.tiles(caseIndex), `${number(bundle)}.shard`);
  }

  tiles(caseIndex: number): string {
    return join(this.root, 'tiles', number(caseIndex));
  }

  staged(caseIndex: number, file: number): string {
    return join(this.root, 'staged', `${number(caseIndex)}-${file}.raw`);
  }

  caseOutcome(caseIndex: number): string {
    return join(this.root, 'cases', `${number(caseIndex)}.json`);
  }

  caseErrors(caseIndex: number): string {
    return join(this.root, 'errors', `${number(caseIndex)}.json`);
  }

  caseAudit(caseIndex: number): string {
    return join(this.root, 'audit', `${number(caseIndex)}.json`);
  }

  caseShard(caseIndex: number, part: number): string {
    return join(this.root, 'shards', `${number(caseIndex)}-${part}.shard`);
  }

  /** What a row keeps of a case. */
  /** Masks of a case, for questions about lesions, and what was measured of them. */
  caseMasks(caseIndex: number): string {
    return this.keptOf(caseIndex, shapesId).path(masksName);
  }

  caseShapes(caseIndex: number): string {
    return this.keptOf(caseIndex, shapesId).path(measuredName);
  }

  keptOf(caseIndex: number, quantity: string): KeptFiles {
    return { path: (name) => join(this.root, 'kept', `${number(caseIndex)}-${quantity}-${name}`) };
  }

  /** `name` is that of the set of cases (`nameOfCases`). */
  poolRecord(name: string): string {
    return join(this.root, 'pool', `${name}.json`);
  }

  poolShard(name: string, part: number): string {
    return join(this.root, 'pool', `${name}-${part}.shard`);
  }

  get poolOutcome(): string {
    return join(this.root, 'pool.json');
  }

  plan(caseIndex: number): string {
    return join(this.root, 'plans', `${number(caseIndex)}.json`);
  }

  writeSettings(settings: RunSettings, cases: readonly ManifestCase[]): void {
    writeJsonFile(join(this.root, 'cases.json'), { cases });
    writeJsonFile(join(this.root, 'settings.json'), settings);
  }

  readSettings(): RunSettings {
    return readJsonFile(join(this.root, 'settings.json'), settingsShape) as unknown as RunSettings;
  }

  readCases(): ManifestCase[] {
    return readJsonFile(join(this.root, 'cases.json'), caseList).cases as ManifestCase[];
  }

  writePlan(plan: CasePlan): void {
    writeJsonFile(this.plan(plan.index), plan);
  }

  readPlan(caseIndex: number): CasePlan {
    return readJsonFile(this.plan(caseIndex), planShape) as unknown as CasePlan;
  }

  /** Removes what writers left that died. To be called while nobody writes here: this process's own files go too. */
  sweep(): void {
    for (const entry of readdirSync(this.root, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile() && isAbandoned(path)) rmSync(path, { force: true });
    }
  }

  /** Removes what only an unfinished case needs. */
  removeTiles(caseIndex: number, stagedFiles: number): void {
    rmSync(this.tiles(caseIndex), { recursive: true, force: true });
    for (let file = 0; file < stagedFiles; file++) rmSync(this.staged(caseIndex, file), { force: true });
  }
}

const manifestCase = z.object({
  id: z.string(),
  predictions: z.array(z.string()),
  reference: z.string(),
  image: z.string().optional(),
  group: z.string().optional(),
  missing: z.literal('prediction').optional(),
});
const caseList = z.object({ cases: z.array(manifestCase) });
// Written by this program for itself: whether it is whole is checked here, its fields where they are used.
const settingsShape = z.looseObject({
  scores: z.string(),
  classes: z.array(z.unknown()),
  terms: z.array(z.unknown()),
});
const planShape = z.looseObject({
  index: z.number().int(),
  mode: z.enum(['tiles', 'stream', 'stage']),
  shape: z.tuple([z.number().int(), z.number().int(), z.number().int()]),
  tileShape: z.tuple([z.number().int(), z.number().int(), z.number().int()]),
  bundleTiles: z.number().int().min(1),
  inputs: inputStamps,
});

/** Writes a record with the checksum of its text as last member: what a loss of power left of it is not believed. */
export function writeJsonFile(path: string, record: object): void {
  const text = JSON.stringify(record, bigintsAsText).slice(0, -1);
  writeText(path, `${text},"crc32":"${checksum(text)}"}\n`);
}

/** @throws PartialError when the file is missing, torn, changed or of another shape. */
export function readJsonFile<T>(path: string, schema: z.ZodType<T>): T {
  try {
    const [, text = '', crc] = /^(.*),"crc32":"([0-9a-f]{8})"\}\n$/s.exec(readFileSync(path, 'utf8')) ?? [];
    if (crc !== checksum(text)) throw new Error('the checksum does not hold');
    return schema.parse(JSON.parse(`${text}}`));
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new PartialError(
      missing ? 'record-missing' : 'record-corrupt',
      `${path} is ${missing ? 'missing' : 'torn, changed or of another version'}; the run has to do this part again`,
      { file: path, cause: error },
    );
  }
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
