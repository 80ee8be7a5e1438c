import { UsageError } from '../base/errors.ts';
import { openFinishedRun } from '../questions/ask/finished-run.ts';
import { type FoundLesions, largestLesions } from '../questions/lesions/largest-lesions.ts';
import { fitted, layOut } from '../results/layout.ts';
import { type Lesion, type LesionStatus, lesionsCsv } from '../results/shapes/lesion-list.ts';
import { lookUpAddress } from '../web/viewer/address.ts';
import { plainText } from './plain-text.ts';
import { printObject } from './print-object.ts';
import type { Terminal } from './terminal.ts';
import { viewerOf } from './viewer-address.ts';

export interface LesionsFlags {
  readonly missed?: boolean;
  readonly invented?: boolean;
  readonly case?: string;
  readonly class?: string;
  readonly connectivity?: string;
  readonly top: string;
  readonly format: string;
  readonly viewerUrl?: string;
}

const formats = ['table', 'json', 'csv'];
const mostListed = 10_000;

export function runLesions(folder: string, flags: LesionsFlags, terminal: Terminal): number {
  const { format } = flags;
  const top = Number(flags.top);
  if (!formats.includes(format)) {
    throw new UsageError('option-value', `--format: "${format}" is not one of ${formats.join(', ')}`, {
      field: 'format',
    });
  }
  if (!Number.isInteger(top) || top < 1 || top > mostListed) {
    throw new UsageError('option-value', `--top: "${flags.top}" is not an integer from 1 to ${mostListed}`, {
      field: 'top',
    });
  }
  const statuses: LesionStatus[] = [
    ...(flags.missed ? (['missed'] as const) : []),
    ...(flags.invented ? (['invented'] as const) : []),
  ];
  const viewer = flags.viewerUrl === undefined ? undefined : viewerOf(flags.viewerUrl);
  const found = largestLesions(openFinishedRun(folder), {
    top,
    ...(statuses.length > 0 ? { statuses } : {}),
    ...(flags.case === undefined ? {} : { case: flags.case }),
    ...(flags.class === undefined ? {} : { class: flags.class }),
    ...(flags.connectivity === undefined ? {} : { connectivity: flags.connectivity }),
  });
  const addressOf = viewer === undefined ? undefined : (lesion: Lesion) => placeOf(viewer, lesion);
  if (format === 'json') printObject(terminal, 'lesions', withAddresses(found, addressOf));
  else if (format === 'csv') terminal.out(csvOf(found.lesions, addressOf));
  else {
    for (const line of lesionLines(found, terminal.width)) terminal.out(`${plainText(line)}\n`);
    for (const line of viewLines(folder, found, addressOf)) terminal.out(`${plainText(line)}\n`);
  }
  return 0;
}

type AddressOf = ((lesion: Lesion) => string) | undefined;

function placeOf(viewer: string, { case: id, class: name, centreVoxel }: Lesion): string {
  return lookUpAddress(viewer, { id, class: name, voxel: centreVoxel });
}

function withAddresses(found: FoundLesions, addressOf: AddressOf): object {
  if (!addressOf) return found;
  return { ...found, lesions: found.lesions.map((lesion) => ({ ...lesion, viewer: addressOf(lesion) })) };
}

function csvOf(lesions: readonly Lesion[], addressOf: AddressOf): string {
  const records = [...lesionsCsv(lesions)];
  if (!addressOf) return records.join('');
  const added = ['viewer', ...lesions.map(addressOf)];
  return records.map((record, at) => record.replace(/\r?\n$/, `,${added[at]!}$&`)).join('');
}

/** Addresses would break the columns of a table: each has a line of its own. */
function viewLines(folder: string, { lesions }: FoundLesions, addressOf: AddressOf): string[] {
  if (lesions.length === 0) return [];
  if (!addressOf) return [`voxtally view ${folder} shows them, and its page Report has a link to each`];
  return lesions.map(addressOf);
}

function lesionLines({ total, lesions }: FoundLesions, width: number): string[] {
  if (total === 0) return ['none'];
  const rows = lesions.map(({ status, ml, voxels, class: name, case: id, centreVoxel, centreMm }) => [
    status,
    ml.toPrecision(4),
    String(voxels),
    name,
    id,
    centreVoxel.join(','),
    centreMm.map((value) => value.toFixed(1)).join(', '),
  ]);
  const head =
    total === lesions.length
      ? `${total} lesion${total === 1 ? '' : 's'}`
      : `the ${lesions.length} largest of ${total} lesions`;
  return [
    ...fitted(`${head}; the voxel counts from 0, mm by the affine of the reference`, width),
    ...layOut([['status', 'ml', 'voxels', 'class', 'case', 'voxel', 'mm'], ...rows], width),
  ];
}
