import type { TermSpec } from '../base/class-sums.ts';

/** The term of a voxel whose truth has the score q, in float64. */
export function voxelTerm(q: number, { gamma, clip }: TermSpec): number {
  const b = clip === 0 ? Math.min(100, -Math.log(q)) : -Math.log(Math.min(Math.max(q, clip), 1 - clip));
  return (-Math.expm1(-b)) ** gamma * b;
}
