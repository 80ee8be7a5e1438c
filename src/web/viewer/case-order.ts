/** The order in which cases are looked at: those without a score first, then lowest Dice first. */
import type { ResultsDocument } from '../../results/document.ts';

/** Cases by the Dice of a class, lowest first; undefined values and cases without a score come last. */
export function byClass({ cases, classes }: ResultsDocument, classIndex: number): number[] {
  const name = classes[classIndex]?.name;
  const rank = (at: number): number => {
    const entry = cases[at]!;
    if (entry.status !== 'ok' || name === undefined) return 3;
    return entry.classes[name]?.metrics.dice ?? 2;
  };
  return cases.map((_, at) => at).sort((a, b) => rank(a) - rank(b) || a - b);
}

export interface Neighbours {
  /** From 1. */
  readonly place: number;
  readonly of: number;
  readonly previous?: number;
  readonly next?: number;
}

export function neighbours(results: ResultsDocument, classIndex: number, caseIndex: number): Neighbours {
  const order = byClass(results, classIndex);
  const at = order.indexOf(caseIndex);
  const [previous, next] = [order[at - 1], order[at + 1]];
  return {
    place: at + 1,
    of: order.length,
    ...(previous !== undefined && { previous }),
    ...(next !== undefined && { next }),
  };
}
