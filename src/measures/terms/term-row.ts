import type { TermSpec } from '../../base/class-sums.ts';

/** A term as the kernel `sumTerms` takes it. */
export function termRow({ gamma, clip }: TermSpec, log: (value: number) => number): number[] {
  if (clip === 0) return [gamma, 0, 0, 0, 100, 100];
  const onBackground = 1 - (1 - clip);
  return [gamma, clip, onBackground, -log(1 - clip), -log(clip), -log(onBackground)];
}
