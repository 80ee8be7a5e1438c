import type { TermSpec } from '../../base/class-sums.ts';
import type { Kernels } from '../../kernels/kernels.ts';

/** Numbers of a term as the kernel `sumTerms` takes it. */
export const termRowLength = 8;

export function termRow({ gamma, clip }: TermSpec, kernels: Kernels): number[] {
  if (clip === 0) return [gamma, 0, 0, 1, 0, 0, 100, 100];
  const highest = 1 - clip;
  // Of clips that float64 loses beside 1 the clip itself, so that no logarithm is taken of 0.
  const rest = 1 - highest || clip;
  const leastLogs = [-kernels.naturalLog(highest), -kernels.logOfRest(clip)];
  return [gamma, rest, clip, highest, ...leastLogs, -kernels.naturalLog(clip), -kernels.naturalLog(rest)];
}
