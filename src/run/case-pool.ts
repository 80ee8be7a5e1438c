/**
 * The pool of all cases: merges case shards in levels, so that disk and open files stay bounded however many cases come,
 * and in the end evaluates the sorted losses of all voxels together. A merge adds counts, so its order cannot matter.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { LovaszValues } from '../reduce/lovasz-sum.ts';
import type { ScoredOutcome } from './case-outcome.ts';
import type { CaseWork } from './case-work.ts';
import { readJsonFile, writeJsonFile } from './run-folder.ts';
import { needsShards } from './settings.ts';
import type { ThreadPool } from './thread-pool.ts';

/** Merged shards of some cases. The record is written when all its files are whole. */
const recordSchema = z.object({
  serial: z.number().int(),
  cases: z.array(z.number().int()),
  parts: z.number().int(),
});
type PoolRecord = z.infer<typeof recordSchema>;

export class CasePool {
  readonly #work: CaseWork;
  readonly #pool: ThreadPool;
  readonly #records: PoolRecord[];
  /** Cases whose shards stand alone, not yet merged with others. */
  readonly #single = new Map<number, ScoredOutcome>();
  readonly #merged: Set<number>;
  #serial: number;
  #busy: Promise<void> = Promise.resolve();

  constructor(work: CaseWork, pool: ThreadPool) {
    this.#work = work;
    this.#pool = pool;
    this.#records = this.#readRecords();
    this.#merged = new Set(this.#records.flatMap((record) => record.cases));
    this.#serial = 1 + Math.max(-1, ...this.#records.map((record) => record.serial));
  }

  /** Takes a scored case in; merges when as many as the fan-in have gathered. Safe to call for a case again. */
  add(outcome: ScoredOutcome, signal: AbortSignal): Promise<void> {
    if (!needsShards(this.#work.settings) || outcome.shards === 0 || this.#merged.has(outcome.index)) {
      return Promise.resolve();
    }
    this.#single.set(outcome.index, outcome);
    // One merge at a time; its ranges run in parallel.
    this.#busy = this.#busy.then(() => this.#compact(signal));
    return this.#busy;
  }

  /** The sorted losses of each class over all cases taken in. */
  async evaluate(signal: AbortSignal): Promise<readonly LovaszValues[]> {
    await this.#busy;
    const files = [
      ...[...this.#single.values()].flatMap((outcome) => this.#caseFiles(outcome)),
      ...this.#records.flatMap((record) => this.#recordFiles(record)),
    ];
    const jobs = await this.#pool.run({ kind: 'open-shards', root: this.#work.folder.root, files }, signal);
    const { lovasz } = await this.#work.mergeRanges(files, jobs, true, null, signal);
    return lovasz;
  }

  /** Merges the single cases, or, when records themselves are many, all records, into one. */
  async #compact(signal: AbortSignal): Promise<void> {
    const { mergeFanIn, keepShards } = this.#work.settings;
    if (this.#single.size >= mergeFanIn) {
      const outcomes = [...this.#single.values()].slice(0, mergeFanIn);
      await this.#merge(
        outcomes.map(({ index }) => index),
        outcomes.flatMap((outcome) => this.#caseFiles(outcome)),
        signal,
      );
      for (const outcome of outcomes) {
        this.#single.delete(outcome.index);
        if (keepShards === 'never')
          for (const file of this.#caseFiles(outcome)) rmSync(file, { force: true });
      }
    }
    if (this.#records.length >= mergeFanIn) {
      const records = this.#records.splice(0);
      await this.#merge(
        records.flatMap(({ cases }) => cases),
        records.flatMap((record) => this.#recordFiles(record)),
        signal,
      );
      for (const record of records) this.#remove(record);
    }
  }

  async #merge(cases: readonly number[], files: readonly string[], signal: AbortSignal): Promise<void> {
    const { folder } = this.#work;
    const serial = this.#serial++;
    const jobs = await this.#pool.run({ kind: 'open-shards', root: folder.root, files }, signal);
    await this.#work.mergeRanges(files, jobs, false, (part) => folder.poolShard(serial, part), signal);
    const record = { serial, cases: [...cases].sort((a, b) => a - b), parts: jobs.length };
    writeJsonFile(folder.poolRecord(serial), record);
    this.#records.push(record);
    for (const index of cases) this.#merged.add(index);
  }

  #readRecords(): PoolRecord[] {
    const folder = join(this.#work.folder.root, 'pool');
    const records = readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => readJsonFile(join(folder, name), recordSchema))
      .sort((a, b) => b.cases.length - a.cases.length);
    // A death between a merge of records and the removal of its inputs leaves both.
    const kept: PoolRecord[] = [];
    for (const record of records) {
      const covered = kept.some(({ cases }) => record.cases.every((index) => cases.includes(index)));
      if (covered) this.#remove(record);
      else kept.push(record);
    }
    return kept;
  }

  #remove(record: PoolRecord): void {
    for (const file of this.#recordFiles(record)) rmSync(file, { force: true });
    rmSync(this.#work.folder.poolRecord(record.serial), { force: true });
  }

  #recordFiles({ serial, parts }: PoolRecord): string[] {
    return Array.from({ length: parts }, (_, part) => this.#work.folder.poolShard(serial, part));
  }

  #caseFiles({ index, shards }: ScoredOutcome): string[] {
    return Array.from({ length: shards }, (_, part) => this.#work.folder.caseShard(index, part));
  }
}
