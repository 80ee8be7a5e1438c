/** A part of a list of cases, for runs that are started once per machine and merged: `2/8` is the second of eight. */
import { UsageError } from '../base/errors.ts';

/**
 * Part `i` of `n` equal parts, consecutive in the list's own order, so that merging the parts in order gives the bytes of
 * one run over all cases. @throws UsageError for what is not `i/n` with 1 <= i <= n, or when the part holds no case.
 */
export function takeShard<T>(cases: readonly T[], text: string): readonly T[] {
  const [, part, parts] = /^([1-9]\d{0,6})\/([1-9]\d{0,6})$/.exec(text)?.map(Number) ?? [];
  if (part === undefined || parts === undefined || part > parts) {
    throw new UsageError(
      'option-value',
      `--shard: given "${text}"; allowed: i/n with 1 <= i <= n, such as 2/8`,
      {
        field: 'shard',
      },
    );
  }
  const start = (i: number) => Math.floor((i * cases.length) / parts);
  const taken = cases.slice(start(part - 1), start(part));
  if (taken.length > 0) return taken;
  throw new UsageError(
    'option-value',
    `--shard ${text}: this part holds no case, there are only ${cases.length}; use at most ${cases.length} parts`,
    { field: 'shard' },
  );
}
