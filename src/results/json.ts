import type { ResultsDocument } from './document.ts';

/**
 * The text of `results.json` in pieces, for a file that may be larger than the longest string: a field a line, and in
 * `cases` a case a line. Keys keep the document's order, numbers have full double precision, a newline ends it.
 * @throws RangeError for a number that JSON cannot hold; an undefined value must be `null` before it comes here.
 */
export function* resultsJson(document: ResultsDocument): Generator<string> {
  let open = '{';
  for (const [key, value] of Object.entries(document)) {
    yield `${open}\n"${key}": `;
    open = ',';
    if (key === 'cases') yield* lines(document.cases);
    else yield encode(value, key);
  }
  yield '\n}\n';
}

/** The text of `results.json` as one string; equal to the pieces of `resultsJson`. */
export function writeJson(document: ResultsDocument): string {
  return [...resultsJson(document)].join('');
}

function* lines(entries: readonly unknown[]): Generator<string> {
  if (entries.length === 0) {
    yield '[]';
    return;
  }
  let open = '[';
  for (const entry of entries) {
    yield `${open}\n${encode(entry, 'cases')}`;
    open = ',';
  }
  yield '\n]';
}

function encode(value: unknown, name: string): string {
  return JSON.stringify(value, (key, entry) => {
    if (typeof entry === 'number' && !Number.isFinite(entry))
      throw new RangeError(`${key || name} is ${entry}`);
    return entry;
  });
}
