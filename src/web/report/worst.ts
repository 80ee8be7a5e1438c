/** Which class of a case is worse than another: the lowest Dice; of equal ones, such as all that were missed, the largest. */
import type { ClassResult, ResultsDocument, ScoredCaseResult } from '../../results/document.ts';

/** Negative where `a` is worse. An undefined Dice comes last. */
export function byBadness(a: ClassResult, b: ClassResult): number {
  return (a.metrics.dice ?? 2) - (b.metrics.dice ?? 2) || volumeOf(b) - volumeOf(a);
}

/** The larger one of both volumes, in ml. */
function volumeOf({ metrics }: ClassResult): number {
  return Math.max(metrics.referenceVolumeMl ?? 0, metrics.predictedVolumeMl ?? 0);
}

/** Place in the list of classes of the worst one of a case. */
export function worstClass({ classes }: ScoredCaseResult, all: ResultsDocument['classes']): number {
  let worst = 0;
  for (let at = 1; at < all.length; at++) {
    if (byBadness(classes[all[at]!.name]!, classes[all[worst]!.name]!) < 0) worst = at;
  }
  return worst;
}
