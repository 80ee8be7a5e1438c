import { existsSync, realpathSync } from 'node:fs';
import { csvRecord } from '../base/csv.ts';
import { UsageError } from '../base/errors.ts';
import { type FinishedRun, openFinishedRun } from '../questions/ask/finished-run.ts';
import { type MapGrid, mapGrids, writeErrorMap } from '../questions/errors/error-map.ts';
import { boxErrorLines } from '../questions/errors/table.ts';
import {
  type BoxError,
  type ErrorQuestion,
  errorMeasures,
  errorsOfCase,
  scoredCase,
  worstBoxes,
} from '../questions/errors/worst-boxes.ts';
import { plainText } from './plain-text.ts';
import { printObject } from './print-object.ts';
import type { Terminal } from './terminal.ts';

export interface ErrorsFlags {
  readonly case?: string;
  readonly class?: string;
  readonly measure: string;
  readonly top: string;
  readonly format: string;
  readonly map?: string;
  readonly mapGrid?: string;
}

const formats = ['table', 'json', 'csv'] as const;
const mostListed = 10_000;

export async function runErrors(folder: string, flags: ErrorsFlags, terminal: Terminal): Promise<number> {
  const format = oneOf('format', formats, flags.format);
  const question = {
    measure: oneOf('measure', errorMeasures, flags.measure),
    ...(flags.class === undefined ? {} : { class: flags.class }),
  };
  const top = parseTop(flags.top);
  const run = openFinishedRun(folder);
  const found = worstBoxes(run, {
    ...question,
    top,
    ...(flags.case === undefined ? {} : { case: flags.case }),
  });
  // The map first: who reads the list may rely on it.
  const map = await writeMap(run, flags, question);
  if (format === 'json') printObject(terminal, 'errors', found);
  else if (format === 'csv') terminal.out([...boxErrorsCsv(found.worst)].join(''));
  else {
    for (const line of boxErrorLines(found, terminal.width)) terminal.out(`${plainText(line)}\n`);
    if (map) terminal.out(`\n${map}\n`);
  }
  return 0;
}

/** Writes the map, if one is asked for; tells of it. */
async function writeMap(
  run: FinishedRun,
  { map: file, mapGrid, case: id }: ErrorsFlags,
  question: ErrorQuestion,
): Promise<string | undefined> {
  if (file === undefined) {
    if (mapGrid === undefined) return undefined;
    throw new UsageError('option-alone', '--map-grid needs --map <file>', { field: 'map-grid' });
  }
  if (id === undefined) {
    throw new UsageError('option-alone', '--map is of one case: give --case <id>', { field: 'case' });
  }
  if (!/\.nii(\.gz)?$/.test(file)) {
    throw new UsageError('map-name', `--map: ${file} must end in .nii or .nii.gz`, { file, field: 'map' });
  }
  refuseVolume(run, file);
  const errors = errorsOfCase(run, scoredCase(run, id));
  const known = errors.affineSource !== 'pixdim';
  const grid: MapGrid =
    mapGrid === undefined ? (known ? 'boxes' : 'voxels') : oneOf('map-grid', mapGrids, mapGrid);
  await writeErrorMap(file, errors, question, grid);
  return `Map written to ${file}: ${grid === 'boxes' ? 'one voxel per box' : 'on the grid of the reference'}.`;
}

/** A map must not take the place of somebody's volume. */
function refuseVolume(run: FinishedRun, file: string): void {
  if (!existsSync(file)) return;
  const target = realpathSync(file);
  const volumes = run.cases.flatMap(({ predictions, reference }) => [...predictions, reference]);
  if (!volumes.some((path) => existsSync(path) && realpathSync(path) === target)) return;
  throw new UsageError('map-name', `--map: ${file} is a volume of this run; give another name`, {
    file,
    field: 'map',
  });
}

function parseTop(text: string): number {
  const top = Number(text);
  if (Number.isInteger(top) && top >= 1 && top <= mostListed) return top;
  throw new UsageError('option-value', `--top: "${text}" is not an integer from 1 to ${mostListed}`, {
    field: 'top',
  });
}

function oneOf<T extends string>(flag: string, known: readonly T[], text: string): T {
  const found = known.find((name) => name === text);
  if (found !== undefined) return found;
  throw new UsageError('option-value', `--${flag}: "${text}" is not one of ${known.join(', ')}`, {
    field: flag,
  });
}

const columns = [
  ...['rank', 'case', 'class', 'x', 'y', 'z', 'nx', 'ny', 'nz'],
  ...['centreXMm', 'centreYMm', 'centreZMm', 'voxels', 'error', 'share', 'fp', 'fn'],
];

/** A record a box: its first voxel, its shape, its centre in the world (RAS+) and its errors in voxels. */
function* boxErrorsCsv(worst: readonly BoxError[]): Generator<string> {
  yield csvRecord(columns);
  for (const [at, row] of worst.entries()) {
    const { box, centreMm, voxels, error, share, fp, fn } = row;
    const place = [...box.origin, ...box.shape, ...(centreMm ?? [null, null, null])];
    yield csvRecord([at + 1, row.case, row.class, ...place, voxels, error, share, fp, fn]);
  }
}
