import { UsageError } from '../base/errors.ts';
import { openFinishedRun } from '../questions/ask/finished-run.ts';
import { type FoundLesions, largestLesions } from '../questions/lesions/largest-lesions.ts';
import { fitted, layOut } from '../results/layout.ts';
import { type LesionStatus, lesionsCsv } from '../results/shapes/lesion-list.ts';
import { plainText } from './plain-text.ts';
import type { Terminal } from './terminal.ts';

export interface LesionsFlags {
  readonly missed?: boolean;
  readonly invented?: boolean;
  readonly case?: string;
  readonly class?: string;
  readonly connectivity?: string;
  readonly top: string;
  readonly format: string;
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
  const found = largestLesions(openFinishedRun(folder), {
    top,
    ...(statuses.length > 0 ? { statuses } : {}),
    ...(flags.case === undefined ? {} : { case: flags.case }),
    ...(flags.class === undefined ? {} : { class: flags.class }),
    ...(flags.connectivity === undefined ? {} : { connectivity: flags.connectivity }),
  });
  if (format === 'json') terminal.out(`${JSON.stringify(found)}\n`);
  else if (format === 'csv') terminal.out([...lesionsCsv(found.lesions)].join(''));
  else for (const line of lesionLines(found, terminal.width)) terminal.out(`${plainText(line)}\n`);
  return 0;
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
