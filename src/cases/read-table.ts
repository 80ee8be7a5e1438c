/** Tables that spreadsheets write: commas, semicolons or tabs, any line ends, quoted cells. */
import { extname } from 'node:path';
import { CsvError, parse } from 'csv-parse/sync';
import { UsageError } from '../base/errors.ts';
import { readText } from './read-text.ts';

export interface TableRow {
  /** From 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

const delimiters = [',', ';', '\t'] as const;

/**
 * The rows of a table, blank ones and comments (`#`) before the first one passed over, cells without the space around
 * them. What separates cells is that which finds most of the `columns` in the first row.
 * @throws UsageError for a file that cannot be read, is in another encoding or is not a table.
 */
export function readTable(path: string, what: string, columns: readonly string[]): TableRow[] {
  const text = readText(path, what).replace(/^(?:[ \t]*#[^\r\n]*(?:\r\n|\r|\n))+/, (comments) =>
    comments.replace(/[^\r\n]/g, ''),
  );
  const [first = ''] = text.trimStart().split(/\r\n|\r|\n/, 1);
  try {
    return parseRows(text, delimiterOf(path, first, columns));
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new UsageError(
      what === 'manifest' ? 'manifest-invalid' : 'table-invalid',
      `${path}: ${cause.message}`,
      { file: path, cause },
    );
  }
}

function delimiterOf(path: string, first: string, columns: readonly string[]): string {
  const known = (delimiter: string) => {
    const cells = first.split(delimiter).map((cell) =>
      cell
        .trim()
        .replace(/^"(.*)"$/, '$1')
        .toLowerCase(),
    );
    return cells.filter((cell) => columns.includes(cell)).length;
  };
  const usual = extname(path).toLowerCase() === '.tsv' ? '\t' : ',';
  return [usual, ...delimiters].reduce((best, next) => (known(next) > known(best) ? next : best));
}

function parseRows(text: string, delimiter: string): TableRow[] {
  const rows = parse(text, {
    delimiter,
    record_delimiter: ['\r\n', '\n', '\r'],
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_empty_values: true,
    trim: true,
  }) as unknown as { info: { lines: number }; record: string[] }[];
  return rows.map(({ info, record }) => ({ line: info.lines, cells: record }));
}
