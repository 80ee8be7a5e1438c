import { UsageError } from '../base/errors.ts';
import { parseLosses } from '../losses/registry.ts';
import type { Config } from './schema.ts';

/**
 * What is wrong with the list of losses, as far as the settings alone can tell: while `scores` or `channels` are
 * `auto`, a loss is refused only if no kind of scores and channels could have it.
 */
export function faultsOfLosses({ losses, convention, scores, channels, classes }: Config): string[] {
  const faults: UsageError[] = [];
  for (const kind of scores === 'auto' ? (['probability', 'logit', 'label'] as const) : [scores]) {
    for (const relation of channels === 'auto' ? (['exclusive', 'independent'] as const) : [channels]) {
      const classNames = classes === null ? {} : { classNames: Object.keys(classes) };
      try {
        parseLosses(losses, { convention, scores: kind, channels: relation, ...classNames });
        return [];
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        faults.push(error);
      }
    }
  }
  // A misspelt name stays wrong whatever the files hold; it explains more than a loss that is unavailable.
  const worst = faults.find((fault) => fault.code !== 'loss-unavailable') ?? faults[0];
  return worst === undefined ? [] : [worst.message];
}
