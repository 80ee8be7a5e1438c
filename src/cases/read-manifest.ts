import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { didYouMean } from '../base/did-you-mean.ts';
import { UsageError } from '../base/errors.ts';
import { readTable } from './read-table.ts';
import type { ManifestCase } from './types.ts';

const required = ['case', 'prediction', 'reference'] as const;
const columns = [...required, 'image', 'group'] as const;
type Column = (typeof columns)[number];

/** Separates the channel files of one prediction in its cell. */
const channelSeparator = '|';

/**
 * Reads a manifest: a table whose first line names the columns `case`, `prediction`, `reference` and optionally `image` and
 * `group`, in any order and with or without capitals. Cells are separated by commas, semicolons or tabs.
 * Relative paths start at the manifest's folder. A prediction of several channel files lists them in the order of the
 * channels: `a_0000.nii.gz|a_0001.nii.gz`. Space around a cell is dropped. The cases keep the order of the lines.
 *
 * @throws UsageError that lists every mistake with its line.
 */
export function readManifest(path: string): ManifestCase[] {
  const [header, ...rows] = readTable(path, 'manifest', columns);
  if (header === undefined) throw mistakesIn(path, ['is empty; its first line must name the columns']);
  const names = header.cells.map((name) => name.toLowerCase());
  const place = (column: Column) => names.indexOf(column);
  const mistakes = columnMistakes(header.line, header.cells, names);
  if (mistakes.length > 0) throw mistakesIn(path, mistakes);
  if (rows.length === 0) throw mistakesIn(path, ['holds no case below its header line']);

  const firstLine = new Map<string, number>();
  const cases = rows.map(({ line, cells }): ManifestCase => {
    const cell = (column: Column) => cells[place(column)] ?? '';
    if (cells.length > header.cells.length) {
      mistakes.push(
        `line ${line}: ${cells.length} cells where the header names ${header.cells.length}; quote a comma`,
      );
    }
    for (const column of required) {
      if (cell(column) === '') mistakes.push(`line ${line}: the cell of ${column} is empty`);
    }
    const file = (text: string) => {
      const fault = pathMistake(path, text);
      if (fault !== undefined) mistakes.push(`line ${line}: ${fault}`);
      return fromFolderOf(path, text);
    };
    const id = cell('case');
    const earlier = firstLine.get(id);
    if (id !== '' && earlier !== undefined) {
      mistakes.push(
        `line ${line}: case ${JSON.stringify(id)} is in line ${earlier} already; ids must differ`,
      );
    }
    firstLine.set(id, earlier ?? line);

    const predictions = cell('prediction')
      .split(channelSeparator)
      .map((file) => file.trim());
    if (predictions.length > 1 && predictions.includes('')) {
      mistakes.push(`line ${line}: the cell of prediction names an empty channel file`);
    }
    const [image, group] = [cell('image'), cell('group')];
    return {
      id,
      predictions: predictions.map(file),
      reference: file(cell('reference')),
      ...(image === '' ? {} : { image: file(image) }),
      ...(group === '' ? {} : { group }),
    };
  });
  if (mistakes.length > 0) throw mistakesIn(path, mistakes);
  return cases;
}

function columnMistakes(line: number, cells: readonly string[], names: readonly string[]): string[] {
  if (!names.some((name) => columns.includes(name as Column))) {
    return [
      `line ${line}: must name the columns, such as ${required.join(',')}, and holds ${JSON.stringify(cells.join(','))}`,
    ];
  }
  const mistakes: string[] = [];
  for (const [i, name] of names.entries()) {
    if (!columns.includes(name as Column)) {
      const guess = columns.find((column) => column.startsWith(name)) ?? didYouMean(name, columns);
      const advice = guess === undefined ? `allowed: ${columns.join(', ')}` : `did you mean ${guess}?`;
      mistakes.push(`line ${line}: no such column ${JSON.stringify(cells[i])}; ${advice}`);
    } else if (names.indexOf(name) !== i) {
      mistakes.push(`line ${line}: column ${name} is named twice`);
    }
  }
  for (const name of required) {
    if (!names.includes(name)) mistakes.push(`line ${line}: column ${name} is missing`);
  }
  return mistakes;
}

/** Paths that other systems or a shell would understand; undefined for those that are right as they are. */
function pathMistake(manifest: string, text: string): string | undefined {
  const isForeign = text.includes('\\') && process.platform !== 'win32';
  if (!isForeign && !/^~[^/]*\//.test(text)) return undefined;
  if (existsSync(fromFolderOf(manifest, text))) return undefined;
  return isForeign
    ? `${text} has backslashes, which are part of a name here; write ${text.replaceAll('\\', '/')}`
    : `${text}: ~ has no meaning in a manifest; write the whole path of that folder`;
}

function fromFolderOf(manifest: string, file: string): string {
  return isAbsolute(file) ? file : join(dirname(manifest), file);
}

function mistakesIn(path: string, mistakes: readonly string[]): UsageError {
  const [only] = mistakes;
  const message =
    mistakes.length === 1
      ? `${path}: ${only}`
      : [`${path}: ${mistakes.length} mistakes`, ...mistakes.map((mistake) => `  - ${mistake}`)].join('\n');
  return new UsageError('manifest-invalid', message, { file: path });
}
