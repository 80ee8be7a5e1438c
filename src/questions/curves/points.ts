/** Which points of a curve are drawn. Values such as areas are never computed from these. */
import { keyOfScore } from '../../measures/sorted-errors/score-keys.ts';
import type { WalkPoint } from '../../measures/sorted-errors/walk-range.ts';

/** A grid over a curve: cells of equal width along tp, fp and probability. */
export interface PointGrid {
  readonly cells: number;
  readonly tpScale: number;
  readonly fpScale: number;
  /** Keys at the cells' edges in probability, descending, ended by 0. */
  readonly boundaries: Uint32Array;
}

/** A grid that leaves at most `maxPoints` points (at least 16) of a curve thinned along two axes. */
export function pointGrid(
  maxPoints: number,
  positives: number,
  negatives: number,
  logit: boolean,
): PointGrid {
  // Two axes, and besides: the first, the best and the last point, and the end that no voxel makes.
  const cells = Math.floor((maxPoints - 6) / 2);
  const scale = (total: number) => (total > 0 ? cells / total : 0);
  const keys = Array.from({ length: cells - 1 }, (_, i) => {
    const p = 1 - (i + 1) / cells;
    return keyOfScore(logit ? Math.log(p / (1 - p)) : p, logit);
  });
  return {
    cells,
    tpScale: scale(positives),
    fpScale: scale(negatives),
    boundaries: Uint32Array.from([...keys, 0]),
  };
}

/** Points are kept where they are the first in a cell along one of `axes`; the first, the last and `best` always. */
export function thin(
  points: readonly WalkPoint[],
  grid: PointGrid,
  axes: readonly ('tp' | 'fp' | 'probability')[],
  best: WalkPoint | null,
): WalkPoint[] {
  const cellAlong = {
    tp: ({ tp }: WalkPoint) => Math.floor(tp * grid.tpScale),
    fp: ({ fp }: WalkPoint) => Math.floor(fp * grid.fpScale),
    probability: ({ key }: WalkPoint) => passed(grid.boundaries, key),
  };
  const kept: WalkPoint[] = [];
  points.forEach((point, i) => {
    const before = points[i - 1];
    const isEnd = before === undefined || i === points.length - 1;
    if (isEnd || axes.some((axis) => cellAlong[axis](point) !== cellAlong[axis](before))) kept.push(point);
  });
  if (best && !kept.some(({ key }) => key === best.key)) kept.push(best);
  return kept.sort((a, b) => b.key - a.key);
}

/** How many boundaries a key has passed on its way down. */
function passed(boundaries: Uint32Array, key: number): number {
  let low = 0;
  let high = boundaries.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (key <= boundaries[middle]!) low = middle + 1;
    else high = middle;
  }
  return low;
}
