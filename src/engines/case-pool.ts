/**
 * The pool of all cases: merges case shards as they come, so that disk and open files stay bounded however many cases
 * there are, and in the end evaluates the sorted losses of all voxels together. A merge adds counts, so its order cannot
 * matter, and merged files are named by the set of cases that they hold: whoever merges the same set writes the same
 * bytes under the same names, so two processes that both believe to be in charge do no harm.
 */
import * as z from 'zod';
import type { PartialError } from '../base/errors.ts';
import type { LovaszValues } from '../measures/sorted-errors/lovasz-sum.ts';
import type { CaseOutcomeRecord } from '../run/case-outcome.ts';
import { setIdentity } from '../run/identity.ts';
import { factsOf, type ScoredFacts } from '../run/outcome-book.ts';
import { findRecord, outOfTheWay, putRecord } from '../run/records.ts';
import { poolFolder, type RunFolder } from '../run/run-folder.ts';
import type { ShardRef } from '../run/tile-partial.ts';
import { needsShards } from '../settings/run-settings.ts';
import type { OpenedShards } from '../threads/steps.ts';
import type { ThreadPool } from '../threads/thread-pool.ts';
import { checkKeys } from './case-reducer.ts';
import type { CaseWork, MergeRange } from './case-work.ts';

/** Merged shards of some cases. The record is written when all its files are whole. */
const recordSchema = z.object({
  cases: z.array(z.object({ index: z.number().int(), of: z.string() })),
  parts: z.number().int().nonnegative(),
});
type PoolRecord = z.infer<typeof recordSchema>;
const recordKind = { version: 1, schema: recordSchema };

export class CasePool {
  readonly #work: CaseWork;
  readonly #pool: ThreadPool;
  readonly #mergeRange: MergeRange | undefined;
  readonly #scored = new Map<number, ScoredFacts>();
  /** Cases whose shards stand alone, not yet merged with others. */
  readonly #single = new Map<number, ScoredFacts>();
  #records: PoolRecord[] = [];
  #merged = new Set<number>();
  #busy: Promise<void> = Promise.resolve();

  /** `mergeRange`: who merges; the threads of this process by default. */
  constructor(work: CaseWork, pool: ThreadPool, mergeRange?: MergeRange) {
    this.#mergeRange = mergeRange;
    this.#work = work;
    this.#pool = pool;
    this.#readRecords();
  }

  /**
   * Takes a case in; merges when as many as the fan-in have gathered. Safe to call for a case again. A rejection may be
   * left alone: `evaluate` meets the same fault.
   */
  add(outcome: CaseOutcomeRecord, signal: AbortSignal): Promise<void> {
    const { index } = outcome;
    const before = this.#scored.get(index);
    const facts = outcome.status === 'ok' ? factsOf(this.#work.settings, outcome) : undefined;
    if (facts) this.#scored.set(index, facts);
    else this.#scored.delete(index);
    const isOther = before !== undefined && before.of !== facts?.of;
    if (isOther) this.#busy = this.#busy.catch(() => {}).then(() => this.#withdraw(index));
    const isMerged = this.#merged.has(index) && !isOther;
    if (!facts || !needsShards(this.#work.settings) || facts.shards === 0 || isMerged) {
      return isOther ? this.#busy : Promise.resolve();
    }
    this.#single.set(index, facts);
    // One merge at a time; its ranges run in parallel. What one could not do the next tries again.
    this.#busy = this.#busy.catch(() => {}).then(() => this.#compact(signal));
    return this.#busy;
  }

  /** Names the set of cases taken in. */
  get name(): string {
    return setIdentity(this.#scored.values());
  }

  /** The sorted losses of each class over all cases taken in. @throws PartialError: `repair`, and ask again. */
  async evaluate(signal: AbortSignal): Promise<readonly LovaszValues[]> {
    await this.#settle(signal);
    const files = this.files();
    const opened = await this.#open(files, signal);
    checkKeys(
      opened.keys,
      [...this.#scored.values()].map(({ keys }) => keys),
    );
    const { lovasz } = await this.#work.mergeRanges(
      files,
      opened,
      true,
      () => null,
      signal,
      this.#mergeRange,
    );
    return lovasz;
  }

  /** Waits for the merges that taking cases in has begun; whether they could be done `evaluate` tells. From then on `files` stay. */
  async rest(): Promise<void> {
    await this.#busy.catch(() => {});
  }

  /** Merges all there is into one record, so that the shards of the cases can go and more cases still come. */
  async seal(signal: AbortSignal): Promise<void> {
    await this.#settle(signal);
    const records = [...this.#records];
    if (this.#single.size === 0 && records.length <= 1) return;
    await this.#merge([...this.#single.values()], records, signal);
  }

  /**
   * After a PartialError: puts what was not to be believed out of the way, and what rests on it, and gives the cases that
   * must be scored again because their shards are gone.
   */
  repair(error: PartialError): number[] {
    const { store } = this.#work.folder;
    if (error.place.record !== undefined) outOfTheWay(store, error);
    // Which file holds other keys than were tallied cannot be told: none of them is used.
    else for (const { name } of this.files()) store.remove(name);
    const lost = this.#regroup();
    for (const index of lost) this.#scored.delete(index);
    return lost;
  }

  /** Drops what was pooled of a case whose files are others by now. Of cases that were merged with it and are lost `evaluate` tells. */
  #withdraw(index: number): void {
    removePooled(this.#work.folder, new Set([index]));
    this.#regroup();
  }

  /** Finds which cases are merged, and which stand alone; gives those whose shards are gone. */
  #regroup(): number[] {
    const { store } = this.#work.folder;
    this.#readRecords();
    this.#single.clear();
    const lost: number[] = [];
    for (const [index, outcome] of this.#scored) {
      if (outcome.shards === 0 || this.#merged.has(index)) continue;
      if (this.#caseFiles(outcome).every(({ name }) => store.has(name))) this.#single.set(index, outcome);
      else lost.push(index);
    }
    return lost;
  }

  #open(files: readonly ShardRef[], signal: AbortSignal): Promise<OpenedShards> {
    return this.#pool.run({ kind: 'open-shards', store: this.#work.folder.store.address, files }, signal);
  }

  async #settle(signal: AbortSignal): Promise<void> {
    await this.rest();
    const { mergeFanIn } = this.#work.settings;
    while (Math.max(this.#single.size, this.#records.length) >= mergeFanIn) await this.#compact(signal);
  }

  async #compact(signal: AbortSignal): Promise<void> {
    const { mergeFanIn } = this.#work.settings;
    if (this.#single.size >= mergeFanIn) {
      await this.#merge([...this.#single.values()].slice(0, mergeFanIn), [], signal);
    }
    if (this.#records.length >= mergeFanIn) await this.#merge([], [...this.#records], signal);
  }

  async #merge(
    outcomes: readonly ScoredFacts[],
    records: readonly PoolRecord[],
    signal: AbortSignal,
  ): Promise<void> {
    const { folder, settings } = this.#work;
    const files = [
      ...outcomes.flatMap((outcome) => this.#caseFiles(outcome)),
      ...records.flatMap((record) => this.#recordFiles(record)),
    ];
    const cases = [
      ...outcomes.map(({ index, of }) => ({ index, of })),
      ...records.flatMap((record) => record.cases),
    ].sort((a, b) => a.index - b.index);
    const name = setIdentity(cases);
    const opened = await this.#open(files, signal);
    await this.#work.mergeRanges(
      files,
      opened,
      false,
      (part) => ({ name: folder.poolShard(name, part), of: name }),
      signal,
      this.#mergeRange,
    );
    const record = { cases, parts: opened.jobs.length };
    putRecord(folder.store, folder.poolRecord(name), recordKind, record);
    this.#records = [...this.#records.filter((other) => !records.includes(other)), record];
    for (const old of records) this.#remove(old);
    for (const outcome of outcomes) {
      this.#merged.add(outcome.index);
      this.#single.delete(outcome.index);
      if (settings.keepShards !== 'never') continue;
      for (const { name } of this.#caseFiles(outcome)) folder.store.remove(name);
    }
  }

  /** The records that are whole and hold each case once: the larger ones first. */
  #readRecords(): void {
    const found = readRecords(this.#work.folder).sort((a, b) => b.cases.length - a.cases.length);
    this.#records = [];
    this.#merged = new Set();
    for (const record of found) {
      const whole = this.#recordFiles(record).every(({ name }) => this.#work.folder.store.has(name));
      // A death between a merge of records and the removal of its inputs leaves both.
      if (!whole || record.cases.some(({ index }) => this.#merged.has(index))) {
        this.#remove(record);
        continue;
      }
      this.#records.push(record);
      for (const { index } of record.cases) this.#merged.add(index);
    }
  }

  #remove(record: PoolRecord): void {
    removeRecord(this.#work.folder, record);
  }

  /** The shards of all cases taken in: of some merged, of the others their own. */
  files(): ShardRef[] {
    return [
      ...[...this.#single.values()].flatMap((outcome) => this.#caseFiles(outcome)),
      ...this.#records.flatMap((record) => this.#recordFiles(record)),
    ];
  }

  #recordFiles(record: PoolRecord): ShardRef[] {
    return recordFiles(this.#work.folder, record);
  }

  #caseFiles({ index, of, shards }: ScoredFacts): ShardRef[] {
    const { folder } = this.#work;
    return Array.from({ length: shards }, (_, part) => ({ name: folder.caseShard(index, part), of }));
  }
}

/** Removes all that was pooled of any of these cases. */
export function removePooled(folder: RunFolder, cases: ReadonlySet<number>): void {
  folder.store.remove(folder.poolOutcome);
  for (const record of readRecords(folder)) {
    if (record.cases.some(({ index }) => cases.has(index))) removeRecord(folder, record);
  }
}

/** The records that can be believed. */
function readRecords(folder: RunFolder): PoolRecord[] {
  return folder.store
    .list(poolFolder)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      const record = findRecord(folder.store, `${poolFolder}/${name}`, recordKind);
      return record && `${setIdentity(record.cases)}.json` === name ? [record] : [];
    });
}

function removeRecord(folder: RunFolder, record: PoolRecord): void {
  folder.store.remove(folder.poolRecord(setIdentity(record.cases)));
  for (const { name } of recordFiles(folder, record)) folder.store.remove(name);
}

function recordFiles(folder: RunFolder, { cases, parts }: PoolRecord): ShardRef[] {
  const name = setIdentity(cases);
  return Array.from({ length: parts }, (_, part) => ({ name: folder.poolShard(name, part), of: name }));
}
