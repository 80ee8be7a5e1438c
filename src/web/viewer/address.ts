/** Addresses of the viewer's pages, so that reports and lists can link to a case at a voxel. */
import type { Vec3 } from '../../base/box.ts';

export interface CaseAddress {
  /** Place in the results' list of cases. */
  readonly case: number;
  /** Place in the results' list of classes; the first by default. */
  readonly class?: number;
  /** Voxel `[x, y, z]` of the reference to start at; the worst place by default. */
  readonly voxel?: Vec3;
}

/** The run under which `voxtally view` serves its one run. */
export const onlyRun = 'results';

export function casesAddress(run: string): string {
  return `/runs/${run}/look`;
}

/** `/runs/RUN/look/CASE?class=K&voxel=X,Y,Z`. */
export function caseAddress(run: string, { case: index, class: classIndex, voxel }: CaseAddress): string {
  const query = [
    ...(classIndex === undefined ? [] : [`class=${classIndex}`]),
    ...(voxel === undefined ? [] : [`voxel=${voxel.join()}`]),
  ];
  return `${casesAddress(run)}/${index}${query.length > 0 ? `?${query.join('&')}` : ''}`;
}
