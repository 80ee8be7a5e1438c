/** Pooled values over drawn cases: each case's sums are kept as plain numbers and added as often as it was drawn. */
import type { ClassSums, MulticlassSums, TermSpec } from '../../base/class-sums.ts';
import type { ClassSpec, ScoredCase } from '../../base/scored.ts';
import { countsOfLabels } from '../../losses/metrics/confusion.ts';
import { type HardMetricName, hardMetricNames, hardMetrics, volumesMl } from '../../losses/metrics/hard.ts';
import type { AllMeasures, LossSpec } from '../../losses/spec.ts';

/** A value of a class, or over the classes (`class` null). */
export interface MeasureName {
  readonly class: string | null;
  readonly kind: 'loss' | 'hard';
  /** A loss's id or a hard metric's name. */
  readonly measure: string;
}

export function measureKey({ class: name, kind, measure }: MeasureName): string {
  return JSON.stringify([name, kind, measure]);
}

/** Places in the vector of a class; two for each term follow. */
const at = { voxels: 0, foreground: 1, tp: 2, fp: 3, fn: 4, hard: 5, volumes: 9, terms: 11 } as const;

/** The sums of some cases, ready to be added for any draw. */
export class CaseSums {
  readonly #classes: readonly ClassSpec[];
  readonly #losses: readonly LossSpec[];
  readonly #beta: number;
  readonly #terms: readonly TermSpec[];
  /** Labels of the confusion matrices, and whether voxels have a cross-entropy; null where classes do not compete. */
  readonly #labels: readonly number[] | null;
  readonly #hasCrossEntropy: boolean;
  /** A vector a case: its classes behind each other, then [voxels, cross-entropy, confusion by rows]. */
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
    const specs = this.#losses.flatMap((loss) => loss.terms);
    this.#terms = [...new Map(specs.map((spec) => [`${spec.gamma} ${spec.clip}`, spec])).values()];
    const labels = new Set(cases.flatMap(({ multiclass }) => multiclass?.labels ?? []));
    this.#labels = cases.some(({ multiclass }) => multiclass) ? [...labels].sort((a, b) => a - b) : null;
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
    const ofClasses = this.#classes.flatMap(({ name }) => {
      const m = classes[name]!;
      const { tp, fp, fn, tn } = m.hard;
      const { predicted, reference } = volumesMl(m.hard, voxelMm3);
      const terms = this.#terms.flatMap((spec) => {
        const sum = m.term(spec);
        return sum ? [sum.foreground, sum.background] : [0, 0];
      });
      return [m.voxels, m.foreground, m.tp, m.fp, m.fn, tp, fp, fn, tn, predicted, reference, ...terms];
    });
    return Float64Array.from([...ofClasses, ...this.#confusionVector(multiclass)]);
  }

  #confusionVector(multiclass: MulticlassSums | undefined): number[] {
    const labels = this.#labels;
    if (!labels || !multiclass) return labels ? new Array<number>(2 + labels.length ** 2).fill(0) : [];
    const rank = new Map(multiclass.labels.map((label, i) => [label, i]));
    const cell = (reference: number, prediction: number) => {
      const row = rank.get(reference);
      const column = rank.get(prediction);
      return row === undefined || column === undefined ? 0 : multiclass.confusion[row]![column]!;
    };
    return [
      multiclass.voxels,
      multiclass.crossEntropySum ?? 0,
      ...labels.flatMap((reference) => labels.map((prediction) => cell(reference, prediction))),
    ];
  }

  #evaluate(sums: Float64Array): Map<string, number | null> {
    const classes = Object.fromEntries(
      this.#classes.map(({ name }, index) => [name, this.#classMeasures(sums, index * this.#classLength)]),
    );
    const multiclass = this.#multiclass(sums);
    const competing = Object.fromEntries(
      this.#classes.map(({ name, labels }) => [name, multiclass && countsOfLabels(multiclass, labels)]),
    );
    const all: AllMeasures = {
      classes,
      ...(multiclass && { multiclass, competing: competing as NonNullable<AllMeasures['competing']> }),
    };
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
      const place = index * this.#classLength + at.volumes;
      const volumes = { predicted: sums[place]!, reference: sums[place + 1]! };
      const hard = hardMetrics(classes[name]!.hard, volumes, this.#beta);
      for (const metric of hardMetricNames) set(name, 'hard', metric, hard[metric as HardMetricName]);
    });
    return values;
  }

  #classMeasures(sums: Float64Array, start: number): ClassSums {
    const [tp, fp, fn, tn] = sums.subarray(start + at.hard) as unknown as [number, number, number, number];
    return {
      voxels: sums[start + at.voxels]!,
      foreground: sums[start + at.foreground]!,
      tp: sums[start + at.tp]!,
      fp: sums[start + at.fp]!,
      fn: sums[start + at.fn]!,
      hard: { tp, fp, fn, tn },
      term: ({ gamma, clip }) => {
        const term = this.#terms.findIndex((spec) => spec.gamma === gamma && spec.clip === clip);
        const place = start + at.terms + 2 * term;
        return term < 0 ? undefined : { foreground: sums[place]!, background: sums[place + 1]! };
      },
    };
  }

  #multiclass(sums: Float64Array): MulticlassSums | undefined {
    const labels = this.#labels;
    if (!labels) return undefined;
    const start = this.#classes.length * this.#classLength;
    return {
      voxels: sums[start]!,
      ...(this.#hasCrossEntropy && { crossEntropySum: sums[start + 1]! }),
      labels,
      confusion: labels.map((_, row) => {
        const from = start + 2 + row * labels.length;
        return [...sums.subarray(from, from + labels.length)];
      }),
    };
  }
}
