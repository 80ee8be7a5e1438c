/**
 * What a run remembers of its cases while it goes on: few bytes each, however many there are. Their records stay in the run's
 * folder; where the results are made, those that are not at hand are read again.
 */
import type { KeyCounts } from '../measures/sorted-errors/merger.ts';
import { mergeTallies, type Tally } from '../measures/tally/tally.ts';
import { needsShards, type RunSettings } from '../settings/run-settings.ts';
import { type CaseOutcomeRecord, readOutcome, type ScoredOutcome } from './case-outcome.ts';
import { type OutcomeSum, sumOf } from './outcome.ts';
import type { RunFolder } from './run-folder.ts';

/** Numbers of the records that are kept at hand: some 20 MB, for thousands of cases of a few classes. */
const mostHeldNumbers = 2 ** 17;

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
  /** The first records, as many as there is room for. */
  readonly #held = new Map<number, CaseOutcomeRecord>();
  #heldNumbers = 0;
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
    const numbers = numbersOf(outcome);
    if (this.#heldNumbers + numbers > mostHeldNumbers) return;
    this.#held.set(outcome.index, outcome);
    this.#heldNumbers += numbers;
  }

  has(index: number): boolean {
    return this.#facts.has(index);
  }

  forget(index: number): void {
    if (this.#facts.get(index)) this.#tally = undefined;
    this.#facts.delete(index);
    const held = this.#held.get(index);
    if (held) this.#heldNumbers -= numbersOf(held);
    this.#held.delete(index);
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
   * The records in the order of the cases, each read when it is asked for where it is not at hand, again in each iteration.
   * @throws PartialError for one that is gone or damaged since
   */
  get records(): Iterable<CaseOutcomeRecord> {
    const read = () => this.#read();
    return { [Symbol.iterator]: read };
  }

  *#read(): Generator<CaseOutcomeRecord> {
    const { store } = this.#folder;
    for (const index of this.indices()) {
      const held = this.#held.get(index);
      // A run is over only where its folder has all records.
      yield held && store.has(this.#folder.caseOutcome(index)) ? held : readOutcome(this.#folder, index);
    }
  }

  /** @throws as `records` */
  sum(): OutcomeSum {
    this.#tally ??= sumOf(this.#settings, this.records);
    return { scored: this.scored().length, tally: this.#tally };
  }
}

/** About how many numbers a record takes. */
function numbersOf(outcome: CaseOutcomeRecord): number {
  if (outcome.status !== 'ok') return 16;
  const { classes, confusion } = outcome.tally;
  return classes.reduce((sum, { terms }) => sum + 5 + 2 * terms.length, 16 + 3 * confusion.length);
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
