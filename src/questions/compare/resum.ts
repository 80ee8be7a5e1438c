/** Pooled values over drawn cases: each case's sums are kept as plain numbers and added as often as it was drawn. */
import {
  type ClassSums,
  distinctTerms,
  type HardCounts,
  type MulticlassSums,
  type TermSpec,
  termText,
} from '../../base/class-sums.ts';
import type { ClassSpec, ScoredCase } from '../../base/scored.ts';
import { countsOfClasses } from '../../losses/metrics/confusion.ts';
import { hardMetricNames, hardMetrics } from '../../losses/metrics/hard.ts';
import type { AllMeasures, LossSpec } from '../../losses/spec.ts';
import { type MeasureName, measureKey, pooledOnly } from './measures.ts';

/** Places in the vector of a class; two for each term follow. */
const at = {
  voxels: 0,
  foreground: 1,
  tp: 2,
  fp: 3,
  fn: 4,
  hard: 5,
  mm3: 9,
  competing: 12,
  terms: 16,
} as const;

/** The sums of some cases, ready to be added for any draw. */
export class CaseSums {
  readonly #classes: readonly ClassSpec[];
  readonly #losses: readonly LossSpec[];
  readonly #beta: number;
  readonly #terms: readonly TermSpec[];
  readonly #placeOfTerm: ReadonlyMap<string, number>;
  /** Whether classes compete, and whether voxels then have a cross-entropy. */
  readonly #competes: boolean;
  readonly #hasCrossEntropy: boolean;
  /** A vector a case: its classes behind each other, then, where they compete, [voxels, cross-entropy]. */
  readonly #vectors: readonly Float64Array[];

  /** Losses of sorted errors are left out: they are no function of sums. */
  constructor(
    cases: readonly ScoredCase[],
    classes: readonly ClassSpec[],
    losses: readonly LossSpec[],
    beta: number,
  ) {
    this.#classes = classes;
    this.#losses = losses.filter((loss) => loss.lovasz === undefined);
    this.#beta = beta;
    this.#terms = distinctTerms(this.#losses.flatMap((loss) => loss.terms));
    this.#placeOfTerm = new Map(this.#terms.map((spec, place) => [termText(spec), place]));
    this.#competes = cases.some(({ multiclass }) => multiclass);
    this.#hasCrossEntropy = cases.some(({ multiclass }) => multiclass?.crossEntropySum !== undefined);
    this.#vectors = cases.map((entry) => this.#vectorOf(entry));
  }

  /** Pooled values over the cases, each taken as often as `drawn` says, by `measureKey`. */
  values(drawn: ArrayLike<number>): Map<string, number | null> {
    const sums = new Float64Array(this.#vectors[0]?.length ?? 0);
    this.#vectors.forEach((vector, i) => {
      const times = drawn[i]!;
      if (times === 0) return;
      for (let place = 0; place < sums.length; place++) sums[place]! += times * vector[place]!;
    });
    return this.#evaluate(sums);
  }

  get #classLength(): number {
    return at.terms + 2 * this.#terms.length;
  }

  #vectorOf({ classes, multiclass, voxelMm3 }: ScoredCase): Float64Array {
    // The counts of a sum of confusion matrices are the sums of their counts.
    const competing = countsOfClasses(
      multiclass?.confusion ?? [],
      this.#classes.map(({ labels }) => labels),
    );
    const ofClasses = this.#classes.flatMap(({ name }, index) => {
      const m = classes[name]!;
      const { tp, fp, fn, tn } = m.hard;
      const mm3 = [tp, tp + fp, tp + fn].map((voxels) => voxels * voxelMm3);
      const terms = this.#terms.flatMap((spec) => {
        const sum = m.term(spec);
        return sum ? [sum.foreground, sum.background] : [0, 0];
      });
      const own = competing[index]!;
      return [
        ...[m.voxels, m.foreground, m.tp, m.fp, m.fn, tp, fp, fn, tn, ...mm3],
        ...[own.tp, own.fp, own.fn, own.tn, ...terms],
      ];
    });
    const over = this.#competes ? [multiclass?.voxels ?? 0, multiclass?.crossEntropySum ?? 0] : [];
    return Float64Array.from([...ofClasses, ...over]);
  }

  #evaluate(sums: Float64Array): Map<string, number | null> {
    const classes = Object.fromEntries(
      this.#classes.map(({ name }, index) => [name, this.#classMeasures(sums, index * this.#classLength)]),
    );
    const multiclass = this.#multiclass(sums);
    const competing: Record<string, HardCounts> = {};
    for (const [index, { name }] of multiclass ? this.#classes.entries() : []) {
      competing[name] = countsAt(sums, index * this.#classLength + at.competing);
    }
    const all: AllMeasures = { classes, ...(multiclass && { multiclass, competing }) };
    const values = new Map<string, number | null>();
    const set = (name: string | null, kind: MeasureName['kind'], measure: string, value: number | null) =>
      values.set(measureKey({ class: name, kind, measure }), value);
    for (const loss of this.#losses) {
      if (loss.scope === 'multiclass') set(null, 'loss', loss.id, loss.value(all));
      else
        for (const { name } of this.#classes)
          set(name, 'loss', loss.id, loss.value(classes[name]!, competing[name]));
    }
    this.#classes.forEach(({ name }, index) => {
      const place = index * this.#classLength + at.mm3;
      const [common = 0, predicted = 0, reference = 0] = sums.subarray(place, place + 3);
      const volumes = {
        predictedMl: predicted / 1000,
        referenceMl: reference / 1000,
        relativeDifference: quotient(predicted - reference, reference),
      };
      const metrics = hardMetrics(classes[name]!.hard, volumes, this.#beta);
      for (const metric of hardMetricNames) set(name, 'metric', metric, metrics[metric]);
      set(name, 'metric', pooledOnly, quotient(2 * common, predicted + reference));
    });
    return values;
  }

  #classMeasures(sums: Float64Array, start: number): ClassSums {
    return {
      voxels: sums[start + at.voxels]!,
      foreground: sums[start + at.foreground]!,
      tp: sums[start + at.tp]!,
      fp: sums[start + at.fp]!,
      fn: sums[start + at.fn]!,
      hard: countsAt(sums, start + at.hard),
      term: (spec) => {
        const term = this.#placeOfTerm.get(termText(spec));
        if (term === undefined) return undefined;
        const place = start + at.terms + 2 * term;
        return { foreground: sums[place]!, background: sums[place + 1]! };
      },
    };
  }

  #multiclass(sums: Float64Array): MulticlassSums | undefined {
    if (!this.#competes) return undefined;
    const start = this.#classes.length * this.#classLength;
    return {
      voxels: sums[start]!,
      ...(this.#hasCrossEntropy && { crossEntropySum: sums[start + 1]! }),
      // No value is a function of single pairs.
      confusion: [],
    };
  }
}

function countsAt(sums: Float64Array, place: number): HardCounts {
  return { tp: sums[place]!, fp: sums[place + 1]!, fn: sums[place + 2]!, tn: sums[place + 3]! };
}

function quotient(numerator: number, denominator: number): number | null {
  return denominator === 0 ? null : numerator / denominator;
}
