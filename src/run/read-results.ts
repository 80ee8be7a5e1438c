/** `results.json` as it is read again: checked against its schema, for it may come from another site or version. */
import type { ByteSource } from '../base/byte-source.ts';
import { UsageError } from '../base/errors.ts';
import { type ResultsDocument, resultsSchema, resultsVersion } from '../results/document.ts';
import { localStore } from './open-store.ts';

const fileName = 'results.json';
/** A longer text is read line by line: no string holds it. */
const mostTextBytes = 2 ** 28;
const blockBytes = 2 ** 22;

/** @throws UsageError when the folder holds no results, or such as another version wrote, MachineError when they cannot be read. */
export function readResults(outDir: string, mostBytes = mostTextBytes): ResultsDocument {
  const store = localStore(outDir);
  const file = store.pathOf(fileName);
  const source = store.open(fileName);
  if (source === undefined) {
    throw new UsageError(
      'no-results',
      `${outDir}: holds no results.json; give the --out folder of a finished score`,
      { file: outDir },
    );
  }
  let document: unknown;
  try {
    document = source.byteLength <= mostBytes ? JSON.parse(wholeText(source)) : parseByLines(source);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new UsageError('results-unreadable', `${file}: is not JSON; score again`, { file, cause });
  } finally {
    source.close();
  }
  const version = versionOf(document);
  if (version !== resultsVersion) {
    const whose = version === undefined ? 'has no version' : `is of version ${version} of its layout`;
    throw new UsageError(
      'results-version',
      `${file}: ${whose}, and this program reads version ${resultsVersion}; score again, or read it with the program that wrote it (run.json says which)`,
      { file, field: 'version' },
    );
  }
  const fault = faultOf(document as ResultsDocument);
  // The document itself, not the checked copy: a record of that drops a class that is called __proto__.
  if (fault === undefined) return document as ResultsDocument;
  const field = fault.path.join('.');
  throw new UsageError('results-unreadable', `${file}: ${field}: ${fault.message}; score again`, {
    file,
    field,
  });
}

function wholeText(source: ByteSource): string {
  const bytes = new Uint8Array(source.byteLength);
  return Buffer.from(bytes.buffer, 0, source.read(0, bytes)).toString('utf8');
}

/** As it was written: in `cases` a case a line, all else on lines of its own. */
function parseByLines(source: ByteSource): unknown {
  const others: string[] = [];
  let cases: unknown[] | undefined;
  let isInCases = false;
  for (const line of linesOf(source)) {
    if (cases && isInCases && line.startsWith('{')) cases.push(JSON.parse(line.replace(/,$/, '')));
    else {
      isInCases = line === '"cases": [';
      if (isInCases) cases = [];
      others.push(line);
    }
  }
  const document: unknown = JSON.parse(others.join('\n'));
  return cases && typeof document === 'object' && document !== null ? { ...document, cases } : document;
}

function* linesOf(source: ByteSource): Generator<string> {
  let rest: Uint8Array[] = [];
  for (let at = 0; at < source.byteLength; ) {
    const block = new Uint8Array(Math.min(blockBytes, source.byteLength - at));
    const length = source.read(at, block);
    if (length === 0) break;
    at += length;
    let start = 0;
    for (let end = block.indexOf(10); end >= 0 && end < length; end = block.indexOf(10, start)) {
      yield Buffer.concat([...rest, block.subarray(start, end)]).toString('utf8');
      rest = [];
      start = end + 1;
    }
    rest.push(block.subarray(start, length));
  }
  yield Buffer.concat(rest).toString('utf8');
}

/** Cases one by one: a checked copy of all of them would be as large again. */
function faultOf(document: ResultsDocument): { path: PropertyKey[]; message: string } | undefined {
  const { cases } = document;
  const checked = resultsSchema.safeParse(Array.isArray(cases) ? { ...document, cases: [] } : document);
  if (!checked.success) return checked.error.issues[0];
  for (const [at, entry] of cases.entries()) {
    const checkedCase = resultsSchema.shape.cases.element.safeParse(entry);
    if (checkedCase.success) continue;
    const [issue] = checkedCase.error.issues;
    return { path: ['cases', at, ...issue!.path], message: issue!.message };
  }
  return undefined;
}

function versionOf(document: unknown): unknown {
  return typeof document === 'object' && document !== null && 'version' in document
    ? document.version
    : undefined;
}
