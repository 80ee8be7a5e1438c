/** The order in which cases are looked at: the worst first, by one class or by the worst class of each. */
import type { ResultsDocument } from '../../results/document.ts';
import { byBadness, worstClass } from '../report/worst.ts';

/** A case with a score, and the class by which it stands where it does. */
export interface RankedCase {
  readonly index: number;
  readonly class: number;
}

/** Of large runs it takes a while, and every page asks for it. */
const known = new WeakMap<ResultsDocument, Map<number | undefined, readonly RankedCase[]>>();

/** Cases with a score by a class, or each by its worst one; the lowest Dice first, undefined ones last. */
export function worstFirst(results: ResultsDocument, classIndex?: number): readonly RankedCase[] {
  const orders = known.get(results) ?? new Map<number | undefined, readonly RankedCase[]>();
  known.set(results, orders);
  let order = orders.get(classIndex);
  if (!order) {
    order = rank(results, classIndex);
    orders.set(classIndex, order);
  }
  return order;
}

function rank({ cases, classes }: ResultsDocument, classIndex: number | undefined): RankedCase[] {
  if (classes.length === 0) return [];
  return cases
    .flatMap((entry, index) => {
      if (entry.status !== 'ok') return [];
      const at = classIndex ?? worstClass(entry, classes);
      const name = classes[at]?.name;
      return name === undefined ? [] : [{ index, class: at, result: entry.classes[name]! }];
    })
    .sort((a, b) => byBadness(a.result, b.result) || a.index - b.index);
}

export interface Neighbours {
  /** From 1. */
  readonly place: number;
  readonly of: number;
  readonly previous?: number;
  readonly next?: number;
}

/** Of a case in the order of a class; those without a score follow the others. */
export function neighbours(results: ResultsDocument, classIndex: number, caseIndex: number): Neighbours {
  const { cases } = results;
  const unscored = [...cases.keys()].filter((at) => cases[at]!.status !== 'ok');
  const order = [...worstFirst(results, classIndex).map(({ index }) => index), ...unscored];
  const at = order.indexOf(caseIndex);
  const [previous, next] = [order[at - 1], order[at + 1]];
  return {
    place: at + 1,
    of: order.length,
    ...(previous !== undefined && { previous }),
    ...(next !== undefined && { next }),
  };
}
