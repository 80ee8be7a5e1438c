/** `results.json` as it is read again: checked against its schema, for it may come from another site or version. */
import { UsageError } from '../base/errors.ts';
import { type ResultsDocument, resultsSchema, resultsVersion } from '../results/document.ts';
import { localStore } from './open-store.ts';
import { readText } from './records.ts';

const fileName = 'results.json';

/** @throws UsageError when the folder holds no results, or such as another version wrote, MachineError when they cannot be read. */
export function readResults(outDir: string): ResultsDocument {
  const store = localStore(outDir);
  const file = store.pathOf(fileName);
  const text = readText(store, fileName);
  if (text === undefined) {
    throw new UsageError(
      'no-results',
      `${outDir}: holds no results.json; give the --out folder of a finished score`,
      { file: outDir },
    );
  }
  const document = parse(text, file);
  const version = versionOf(document);
  if (version !== resultsVersion) {
    const whose = version === undefined ? 'has no version' : `is of version ${version} of its layout`;
    throw new UsageError(
      'results-version',
      `${file}: ${whose}, and this program reads version ${resultsVersion}; score again, or read it with the program that wrote it (run.json says which)`,
      { file, field: 'version' },
    );
  }
  const checked = resultsSchema.safeParse(document);
  // The document itself, not the checked copy: a record of that drops a class that is called __proto__.
  if (checked.success) return document as ResultsDocument;
  const [issue] = checked.error.issues;
  const field = issue!.path.join('.');
  throw new UsageError('results-unreadable', `${file}: ${field}: ${issue!.message}; score again`, {
    file,
    field,
  });
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UsageError('results-unreadable', `${file}: is not JSON; score again`, { file, cause });
  }
}

function versionOf(document: unknown): unknown {
  return typeof document === 'object' && document !== null && 'version' in document
    ? document.version
    : undefined;
}
