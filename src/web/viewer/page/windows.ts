/** How the values of a scan become grey. */
import type { ScanView } from '../case-view.ts';

/** Darkest and brightest value. */
export type Window = readonly [low: number, high: number];

/** Centre and width in Hounsfield units. */
const ct = {
  'CT abdomen': [40, 400],
  'CT lung': [-600, 1500],
  'CT bone': [400, 1800],
  'CT brain': [40, 80],
} as const;

/** Windows by name that fit a scan; the first is where to start. */
export function windowsOf([least, low, high, most]: ScanView['percentiles']): Record<string, Window> {
  const byPercentile: Record<string, Window> = {
    'Percentiles 2 to 98': [low, high],
    'Whole range': [least, most],
  };
  const byUnits = Object.fromEntries(
    Object.entries(ct).map(([name, [centre, width]]): [string, Window] => [
      name,
      [centre - width / 2, centre + width / 2],
    ]),
  );
  // Air is below -200 in CT alone.
  return least < -200 ? { ...byUnits, ...byPercentile } : { ...byPercentile, ...byUnits };
}
