/**
 * A tolerance for `roundLabels` as a user would write it, where one label is `distance` (below 0.1) from a whole number:
 * ten times that or more, since what one slope did to other labels may be larger.
 */
export function roundingFor(distance: number): number {
  return [1e-6, 1e-5, 1e-4, 1e-3, 0.01].find((tolerance) => 10 * distance <= tolerance) ?? 0.1;
}

/** A number to be read, of six digits. */
export function sixDigits(value: number): number {
  return Number(value.toPrecision(6));
}

/** A label within `rounding` of a whole number is that number. */
export function roundedLabel(label: number, rounding: number): number {
  const nearest = Math.floor(label + 0.5);
  return Math.abs(label - nearest) <= rounding ? nearest : label;
}
