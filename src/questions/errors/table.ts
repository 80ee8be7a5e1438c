/** The worst boxes for the terminal. */

import type { Box, Vec3 } from '../../base/box.ts';
import { layOut } from '../../results/layout.ts';
import type { WorstBoxes } from './worst-boxes.ts';

export function boxErrorLines(found: WorstBoxes, width: number): string[] {
  const { worst, unscored, fp, fn, error } = found;
  const ofAll = found.case === null;
  const rows = worst.map((row) => [
    ...(ofAll ? [row.case] : []),
    ...(found.class === null ? [row.class] : []),
    voxelRanges(row.box),
    row.centreMm ? row.centreMm.map((mm) => mm.toFixed(1)).join(', ') : 'unknown',
    `${(100 * row.share).toFixed(1)} %`,
    figure(row.fp),
    figure(row.fn),
    String(row.voxels),
  ]);
  const header = [
    ...(ofAll ? ['case'] : []),
    ...(found.class === null ? ['mostly'] : []),
    ...['voxels x, y, z', 'centre mm (RAS)', 'share', 'added', 'missed', 'voxels'],
  ];
  const whose = ofAll ? `${found.cases} ${found.cases === 1 ? 'case' : 'cases'}` : `case ${found.case}`;
  const measure = found.measure === 'soft' ? 'sum of |p - y|' : 'counted';
  return [
    `${whose}, ${found.class ?? 'all classes'}: error ${figure(error)} voxels (${measure}), ${figure(fp)} added, ${figure(fn)} missed`,
    cutLine(found),
    ...(ofAll && unscored.length > 0 ? [`without a score, not looked at: ${names(unscored)}`] : []),
    '',
    ...(worst.length > 0 ? layOut([header, ...rows], width) : ['No box holds any error.']),
  ];
}

function cutLine({ boxes, tileShape, boxShape, worst }: WorstBoxes): string {
  if (!tileShape || !boxShape) return `${worst.length} of ${boxes} boxes listed`;
  const merged = boxShape.some((side, axis) => side > tileShape[axis]!);
  const how = merged ? `, each of several tiles of ${size(tileShape)}` : '';
  const finer = boxes === 1 ? '; score with a smaller --tile to see where' : '';
  return `${worst.length} of ${boxes} ${boxes === 1 ? 'box' : 'boxes'} of ${size(boxShape)} voxels listed${how}${finer}`;
}

function size(shape: Vec3): string {
  return shape.join(' x ');
}

/** First and last voxel along each axis, or the only one. */
export function voxelRanges({ origin, shape }: Box): string {
  return origin
    .map((first, axis) => (shape[axis] === 1 ? `${first}` : `${first}-${first + shape[axis]! - 1}`))
    .join(', ');
}

function names(ids: readonly string[]): string {
  const shown = ids.slice(0, 5).join(', ');
  return ids.length > 5 ? `${shown} and ${ids.length - 5} more` : shown;
}

/** Counts as they are, sums with 5 digits. */
function figure(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(5)));
}
