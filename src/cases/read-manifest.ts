import { readFileSync } from 'node:fs';
import { dirname, extname, isAbsolute, join } from 'node:path';
import { CsvError, parse } from 'csv-parse/sync';
import { didYouMean } from '../base/did-you-mean.ts';
import { UsageError } from '../base/errors.ts';
import type { ManifestCase } from './types.ts';

const required = ['case', 'prediction', 'reference'] as const;
const columns = [...required, 'group'] as const;
type Column = (typeof columns)[number];

/** Separates the channel files of one prediction in its cell. */
const channelSeparator = '|';

interface Row {
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * Reads a manifest: a CSV or TSV file with a header line that names the columns `case`, `prediction`, `reference` and
 * optionally `group`, in any order. It is a TSV if its name ends in `.tsv` or its header line holds a tab.
 * Relative paths start at the manifest's folder. A prediction of several channel files lists them in the order of the
 * channels: `a_0000.nii.gz|a_0001.nii.gz`. Space around a cell is dropped. The cases keep the order of the lines.
 *
 * @throws UsageError that lists every mistake with its line.
 */
export function readManifest(path: string): ManifestCase[] {
  const [header, ...rows] = readRows(path);
  if (header === undefined) throw mistakesIn(path, ['is empty; its first line must name the columns']);
  const place = (column: Column) => header.cells.indexOf(column);
  const mistakes = columnMistakes(header);
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
    const id = cell('case');
    const earlier = firstLine.get(id);
    if (id !== '' && earlier !== undefined) {
      mistakes.push(
        `line ${line}: case ${JSON.stringify(id)} stands in line ${earlier} already; ids must differ`,
      );
    }
    firstLine.set(id, earlier ?? line);

    const predictions = cell('prediction')
      .split(channelSeparator)
      .map((file) => file.trim());
    if (predictions.length > 1 && predictions.includes('')) {
      mistakes.push(`line ${line}: the cell of prediction names an empty channel file`);
    }
    const group = cell('group');
    return {
      id,
      predictions: predictions.map((file) => fromFolderOf(path, file)),
      reference: fromFolderOf(path, cell('reference')),
      ...(group === '' ? {} : { group }),
    };
  });
  if (mistakes.length > 0) throw mistakesIn(path, mistakes);
  return cases;
}

function readRows(path: string): Row[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (cause) {
    throw new UsageError('manifest-unreadable', `${path}: cannot read the manifest`, { file: path, cause });
  }
  const isTsv = extname(path).toLowerCase() === '.tsv' || /^[^\r\n]*\t/.test(text.trimStart());
  try {
    const rows = parse(text, {
      delimiter: isTsv ? '\t' : ',',
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
      trim: true,
    }) as unknown as { info: { lines: number }; record: string[] }[];
    return rows.map(({ info, record }) => ({ line: info.lines, cells: record }));
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new UsageError('manifest-invalid', `${path}: ${cause.message}`, { file: path, cause });
  }
}

function columnMistakes({ line, cells }: Row): string[] {
  const mistakes: string[] = [];
  for (const [i, name] of cells.entries()) {
    if (!columns.includes(name as Column)) {
      const guess = didYouMean(name, columns);
      const advice = guess === undefined ? `allowed: ${columns.join(', ')}` : `did you mean ${guess}?`;
      mistakes.push(`line ${line}: no such column ${JSON.stringify(name)}; ${advice}`);
    } else if (cells.indexOf(name) !== i) {
      mistakes.push(`line ${line}: column ${name} is named twice`);
    }
  }
  for (const name of required) {
    if (!cells.includes(name)) mistakes.push(`line ${line}: column ${name} is missing`);
  }
  return mistakes;
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
