/** When a run will be done. */
import type { LiveRun } from './board.ts';

/**
 * Seconds that `total - done` cases will take at the pace since the first tile: time spent in the queue, and cases that were there
 * before the planner began, say nothing of it. Undefined until a case is done.
 */
export function secondsLeft(
  { startedAt, doneBefore }: Pick<LiveRun, 'startedAt' | 'doneBefore'>,
  done: number,
  total: number,
  now: number,
): number | undefined {
  const doneSince = done - doneBefore;
  if (startedAt === undefined || doneSince <= 0) return undefined;
  return ((now - startedAt) / 1000) * ((total - done) / doneSince);
}
