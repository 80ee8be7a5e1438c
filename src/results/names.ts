/**
 * What values are called where metrics and losses are side by side, in tables, CSV files and pages: a metric by its
 * name, a loss by its id and `_loss`, a percentage by its id and `_percent`. So no metric has the name of a loss.
 */
import type { Better } from '../losses/metrics/hard.ts';

export interface LossFacts {
  /** Some listings print the score and not `1 - score`: the higher the better. */
  readonly better: Extract<Better, 'higher' | 'lower'>;
  /** `percent` is from 0 to 100; other losses have no unit. */
  readonly unit: 'percent' | 'none';
}

/** These are the listings' intersection over union in percent. */
const percentages = new Set(['iou', 'iou-binary']);

export function lossFacts({ name, form }: { name: string; form?: string }): LossFacts {
  if (percentages.has(name)) return { better: 'higher', unit: 'percent' };
  return { better: name === 'combo' && form === 'article' ? 'higher' : 'lower', unit: 'none' };
}

export function lossColumn(id: string): string {
  return `${id}_${percentages.has(id) ? 'percent' : 'loss'}`;
}
