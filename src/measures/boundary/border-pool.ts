/**
 * Values of a border over the elements of all cases as one list. Elements without a distance, because the other mask of their
 * case is empty, count in surface Dice as not within, and in distances only with the case's `emptyDistanceMm`.
 */
import { ExactSum } from '../../base/statistics/exact-sum.ts';
import { DistanceSurvey } from './distance-survey.ts';
import type { Border } from './measure-distances.ts';
import {
  type BorderValues,
  type BothLists,
  type BoundaryQuestion,
  definedDistances,
  emptyMask,
  nearlyWithin,
  percentileDefinitions,
  sameDistances,
  surfaceDice,
} from './values.ts';

export interface PooledBorderValues extends Omit<BorderValues, 'undefined'> {
  /** Cases without distances of their own: those with one mask empty, and with both. */
  readonly undefinedCases: { readonly oneEmpty: number; readonly bothEmpty: number };
}

const sides = ['reference', 'prediction'] as const;
type Sides<Value> = Readonly<Record<(typeof sides)[number], Value>>;

/** What the pool takes of a case. */
export interface BorderOfCase {
  readonly lists: BothLists;
  readonly emptyDistanceMm: number | null;
}

/** Takes the cases one by one; where `chooseRows` says so, all of them a second time. */
export class BorderPool {
  readonly #border: Border;
  readonly #question: BoundaryQuestion;
  readonly #elements = perSide(() => new ExactSum());
  readonly #weight = perSide(() => new ExactSum());
  readonly #within: readonly (Sides<ExactSum> & {
    readonly toleranceMm: number;
    readonly nearly: ExactSum;
  })[];
  readonly #distances = perSide(() => new DistanceSurvey());
  #oneEmpty = 0;
  #bothEmpty = 0;
  #measured = 0;
  /** The case that has distances, as long as it is the only one: the pool has its values. It is surveyed with the second. */
  #first: BothLists | undefined;

  constructor(border: Border, question: BoundaryQuestion) {
    this.#border = border;
    this.#question = question;
    this.#within = question.tolerancesMm.map((toleranceMm) => ({
      toleranceMm,
      ...perSide(() => new ExactSum()),
      nearly: new ExactSum(),
    }));
  }

  add(entry: BorderOfCase): void {
    const { lists } = entry;
    for (const side of sides) {
      this.#elements[side].add(lists[side].elements);
      this.#weight[side].add(lists[side].weight);
    }
    for (const { toleranceMm, nearly, ...within } of this.#within) {
      for (const side of sides) within[side].add(lists[side].weightWithin(toleranceMm));
      nearly.add(nearlyWithin(lists, toleranceMm));
    }
    const empty = emptyMask(lists);
    if (empty === 'both empty') this.#bothEmpty++;
    else if (empty !== undefined) this.#oneEmpty++;
    const measured = distancesOf(entry);
    if (measured === undefined) return;
    this.#measured++;
    if (this.#measured === 1) this.#first = measured;
    else {
      if (this.#first) this.#survey(this.#first);
      this.#first = undefined;
      this.#survey(measured);
    }
  }

  /** After all cases: whether they are to be given to `addRows`, for the distances on which the values rest. */
  chooseRows(): boolean {
    if (this.#measured <= 1) return false;
    const { percentiles } = this.#question;
    const { reference, prediction } = this.#lists();
    if (emptyMask({ reference, prediction }) !== undefined) return false;
    const found = Object.values(percentileDefinitions[this.#border]).flatMap((definition) =>
      percentiles.flatMap((percentile) => definition(reference, prediction, percentile).restsOn),
    );
    for (const side of sides) {
      const survey = this.#distances[side];
      survey.choose([...found, survey.largest]);
    }
    return true;
  }

  addRows(entry: BorderOfCase): void {
    const measured = distancesOf(entry);
    if (measured) for (const side of sides) this.#distances[side].gather(measured[side]);
  }

  values(): PooledBorderValues {
    const { reference, prediction } = this.#weight;
    const lists = this.#first ?? this.#lists();
    return {
      elementsReference: this.#elements.reference.total,
      elementsPrediction: this.#elements.prediction.total,
      sizeReference: reference.total,
      sizePrediction: prediction.total,
      ...(emptyMask(lists) === undefined
        ? definedDistances(this.#border, lists, this.#question)
        : sameDistances(this.#border, this.#question, null)),
      nsd: surfaceDice(
        reference.total,
        prediction.total,
        this.#within.map(({ toleranceMm, nearly, ...within }) => ({
          toleranceMm,
          reference: within.reference.total,
          prediction: within.prediction.total,
          nearly: nearly.total,
        })),
      ),
      undefinedCases: { oneEmpty: this.#oneEmpty, bothEmpty: this.#bothEmpty },
    };
  }

  #survey(lists: BothLists): void {
    for (const side of sides) this.#distances[side].add(lists[side]);
  }

  #lists(): BothLists {
    return { reference: this.#distances.reference.list(), prediction: this.#distances.prediction.list() };
  }
}

/** The distances that a case adds to the pool; undefined where it has none. */
function distancesOf({ lists, emptyDistanceMm }: BorderOfCase): BothLists | undefined {
  const empty = emptyMask(lists);
  if (empty === undefined) return lists;
  if (empty === 'both empty' || emptyDistanceMm === null) return undefined;
  return {
    reference: lists.reference.allAt(emptyDistanceMm),
    prediction: lists.prediction.allAt(emptyDistanceMm),
  };
}

function perSide<Value>(make: () => Value): Sides<Value> {
  return { reference: make(), prediction: make() };
}
