/** Tolerances of surface Dice that some border misses by a rounding of the affine alone: right by its numbers, and hardly meant. */
import type { ShapeSettings } from '../../settings/shape-settings.ts';
import type { CaseResult } from '../document.ts';
import { allTolerancesMm } from './measures.ts';

/** One sentence for each such tolerance. */
export function roundedTolerances(settings: ShapeSettings, cases: readonly CaseResult[]): string[] {
  return allTolerancesMm(settings).flatMap((tolerance) => {
    const missed = cases.flatMap((entry) => {
      const classes = entry.status === 'ok' ? Object.entries(entry.classes) : [];
      const shares = classes.map(([name, { boundary }]) => {
        const borders = boundary && 'voxel' in boundary ? [boundary.voxel, boundary.surfel] : [];
        const nearly = borders.map(({ nsd }) => nsd[String(tolerance)]?.nearlyWithin ?? 0);
        return { id: entry.id, name, share: Math.max(0, ...nearly) };
      });
      const most = shares.toSorted((a, b) => b.share - a.share)[0];
      return most && most.share > 0 ? [most] : [];
    });
    if (missed.length === 0) return [];
    const most = missed.reduce((a, b) => (b.share > a.share ? b : a));
    const percent = Number((100 * most.share).toPrecision(3));
    const wider = Number((tolerance * (1 + 1e-5)).toPrecision(6));
    return [
      `NSD ${tolerance} mm: in ${missed.length} of ${cases.length} cases borders are beyond the tolerance by a rounding of the affine alone (class ${most.name} of case ${most.id}: ${percent} %); --nsd-tolerance ${wider} takes them in`,
    ];
  });
}
