/** The pooled values of the cases that are done, while others are not: from tallies alone, so they cost nothing. */

import { neededLovasz } from '../../losses/spec.ts';
import { classesOf, measuresOf } from '../../measures/tally/class-sums-of.ts';
import { emptyTally, mergeTallies, type Tally } from '../../measures/tally/tally.ts';
import { buildResults } from '../../results/build.ts';
import type { ResultsDocument } from '../../results/document.ts';
import { lossColumn } from '../../results/names.ts';
import { lossesOf } from '../../settings/resolve-settings.ts';
import type { RunSettings } from '../../settings/run-settings.ts';
import type { PooledSoFar } from '../status.ts';

export class PooledTally {
  readonly #settings: RunSettings;
  #tally: Tally;
  #cases = 0;

  constructor(settings: RunSettings) {
    this.#settings = settings;
    this.#tally = emptyTally(settings.classes.length, settings.terms.length);
  }

  add(tally: Tally): void {
    this.#tally = mergeTallies(this.#tally, tally);
    this.#cases++;
  }

  /** Without the sorted losses, which come at the end. */
  values(): PooledSoFar {
    const settings = this.#settings;
    if (this.#cases === 0) return { cases: 0, classes: {} };
    const classes = classesOf(settings, [this.#tally]);
    const losses = lossesOf(settings).filter((loss) => neededLovasz([loss]).size === 0);
    const { pooled } = buildResults(
      {
        scores: settings.scores,
        channels: settings.channels,
        classes,
        cases: [],
        pooled: measuresOf(settings, classes, this.#tally, []),
      },
      losses,
      { convention: settings.convention, beta: settings.fbeta },
    );
    return { ...pooledValues(pooled), cases: this.#cases };
  }
}

/** Ratios and losses as tables call them, by class; the losses over all classes under `all classes`. */
export function pooledValues(pooled: ResultsDocument['pooled']): PooledSoFar {
  if (pooled === null) return { cases: 0, classes: {} };
  const named = (losses: Readonly<Record<string, number | null>>) =>
    Object.fromEntries(Object.entries(losses).map(([id, value]) => [lossColumn(id), value]));
  const classes = Object.entries(pooled.classes).map(([name, { losses, metrics }]) => {
    const { dice, diceByMm3, jaccard, precision, recall } = metrics;
    const ratios = { dice, ...(diceByMm3 === null ? {} : { diceByMm3 }), jaccard, precision, recall };
    return [name, { metrics: ratios, losses: named(losses) }] as const;
  });
  const all =
    Object.keys(pooled.losses).length > 0
      ? [['all classes', { metrics: {}, losses: named(pooled.losses) }] as const]
      : [];
  return { cases: pooled.cases, classes: Object.fromEntries([...classes, ...all]) };
}
