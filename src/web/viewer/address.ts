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

/** A class of a case by name, as reports and lists know it. */
export interface NamedPlace {
  readonly id: string;
  readonly class?: string | undefined;
  /** Voxel `[x, y, z]` of the reference. */
  readonly voxel?: readonly number[];
}

/** From the address of a run in the viewer, with a slash at its end; the empty one is that of a report that the viewer serves. */
export function lookUpAddress(viewer: string, { id, class: name, voxel }: NamedPlace): string {
  const query = new URLSearchParams({
    id,
    ...(name !== undefined && { class: name }),
    ...(voxel !== undefined && { voxel: voxel.join() }),
  });
  return `${viewer}look-up?${query}`;
}

export function runAddress(run: string): string {
  return `/runs/${run}`;
}

/** The report of a run, with links to its cases. */
export function reportAddress(run: string): string {
  return `${runAddress(run)}/report`;
}

export function casesAddress(run: string): string {
  return `${runAddress(run)}/look`;
}

/** `/runs/RUN/look/CASE?class=K&voxel=X,Y,Z`. */
export function caseAddress(run: string, { case: index, class: classIndex, voxel }: CaseAddress): string {
  const query = [
    ...(classIndex === undefined ? [] : [`class=${classIndex}`]),
    ...(voxel === undefined ? [] : [`voxel=${voxel.join()}`]),
  ];
  return `${casesAddress(run)}/${index}${query.length > 0 ? `?${query.join('&')}` : ''}`;
}
