/**
 * What a run remembers of its cases while it goes on: few bytes each, however much was measured of them. Their records stay in
 * the run's folder, and are read again where the results are made.
 */
import type { KeyCounts } from '../measures/sorted-errors/merger.ts';
import { mergeTallies, type Tally } from '../measures/tally/tally.ts';
import { needsShards, type RunSettings } from '../settings/run-settings.ts';
import { type CaseOutcomeRecord, readOutcome, type ScoredOutcome } from './case-outcome.ts';
import { type OutcomeSum, sumOf } from './outcome.ts';
import type { RunFolder } from './run-folder.ts';

/** A scored case: what names its files, and how large they are. */
export interface ScoredFacts extends Pick<ScoredOutcome, 'index' | 'of' | 'shards' | 'shardBytes'> {
  /** Voxels of each class that its shards hold; empty where a run needs none. */
  readonly keys: readonly KeyCounts[];
}

export class OutcomeBook {
  readonly #folder: RunFolder;
  readonly #settings: RunSettings;
  /** By index; null for a case without a score. */
  readonly #facts = new Map<number, ScoredFacts | null>();
  /** Of all that was taken in; undefined once something of it was forgotten. */
  #tally: Tally | undefined;

  constructor(folder: RunFolder, settings: RunSettings) {
    this.#folder = folder;
    this.#settings = settings;
    this.#tally = sumOf(settings, []);
  }

  /** Takes in an outcome whose record is stored. */
  take(outcome: CaseOutcomeRecord): void {
    if (this.#facts.has(outcome.index)) this.forget(outcome.index);
    const isScored = outcome.status === 'ok';
    this.#facts.set(outcome.index, isScored ? factsOf(this.#settings, outcome) : null);
    if (isScored) this.#tally &&= mergeTallies(this.#tally, outcome.tally);
  }

  has(index: number): boolean {
    return this.#facts.has(index);
  }

  forget(index: number): void {
    if (this.#facts.get(index)) this.#tally = undefined;
    this.#facts.delete(index);
  }

  /** Cases with an outcome. */
  get size(): number {
    return this.#facts.size;
  }

  /** The cases that have an outcome, in their order. */
  indices(): number[] {
    return [...this.#facts.keys()].sort((a, b) => a - b);
  }

  /** The scored cases, in their order. */
  scored(): ScoredFacts[] {
    return this.indices().flatMap((index) => this.#facts.get(index) ?? []);
  }

  /**
   * The records in the order of the cases, each read when it is asked for, again in each iteration.
   * @throws PartialError for one that is gone or damaged since
   */
  get records(): Iterable<CaseOutcomeRecord> {
    const read = () => this.#read();
    return { [Symbol.iterator]: read };
  }

  *#read(): Generator<CaseOutcomeRecord> {
    for (const index of this.indices()) yield readOutcome(this.#folder, index);
  }

  /** @throws as `records` */
  sum(): OutcomeSum {
    this.#tally ??= sumOf(this.#settings, this.records);
    return { scored: this.scored().length, tally: this.#tally };
  }
}

export function factsOf(
  settings: RunSettings,
  { index, of, shards, shardBytes, tally }: ScoredOutcome,
): ScoredFacts {
  return { index, of, shards, shardBytes, keys: needsShards(settings) ? keysOf(tally) : [] };
}

/** The voxels of each class that were tallied. */
export function keysOf({ voxels, classes }: Tally): KeyCounts[] {
  return classes.map(({ foreground }) => ({ foreground, background: voxels - foreground }));
}
