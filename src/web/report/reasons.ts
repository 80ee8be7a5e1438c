/** Why a class of a case scored as it did, as far as its counts tell. */
import type { ClassResult } from '../../results/document.ts';

/** In the order of their numbers in the page's data. */
export const reasonNames = [
  '',
  'nothing to find',
  'empty reference',
  'nothing predicted',
  'missed entirely',
  'volume off',
  'misplaced',
] as const;

export type Reason = (typeof reasonNames)[number];

/** A predicted volume is called off below half and above twice that of the reference. */
const volumeFactor = 2;
/** Where the volume is right and the Dice coefficient is below this, the foreground lies elsewhere. */
const misplacedBelow = 0.5;

export function reasonOf({ metrics }: ClassResult): Reason {
  const { tp, fp, fn, dice } = metrics;
  const [predicted, reference] = [tp + fp, tp + fn];
  if (reference === 0) return predicted === 0 ? 'nothing to find' : 'empty reference';
  if (predicted === 0) return 'nothing predicted';
  if (tp === 0) return 'missed entirely';
  if (predicted > volumeFactor * reference || predicted * volumeFactor < reference) return 'volume off';
  return dice !== null && dice < misplacedBelow ? 'misplaced' : '';
}

/** A sentence's worth; volumes in ml. */
export function describeReason(
  reason: Reason,
  predictedMl: number | null,
  referenceMl: number | null,
): string {
  const ml = (value: number | null) => (value === null ? '?' : `${Number(value.toPrecision(3))} ml`);
  switch (reason) {
    case '':
      return '';
    case 'nothing to find':
      return 'nothing to find, nothing predicted';
    case 'empty reference':
      return `empty reference, ${ml(predictedMl)} predicted`;
    case 'nothing predicted':
      return `nothing predicted of ${ml(referenceMl)}`;
    case 'missed entirely':
      return `missed entirely: no overlap with ${ml(referenceMl)}`;
    case 'volume off':
      return `volume off: ${ml(predictedMl)} in place of ${ml(referenceMl)}`;
    case 'misplaced':
      return 'volume right, place wrong: Dice below 0.5';
  }
}
