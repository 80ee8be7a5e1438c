/** `results.json` as it is read again: checked against its schema, for it may come from another site or version. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../base/errors.ts';
import { type ResultsDocument, resultsSchema, resultsVersion } from './document.ts';

/** @throws UsageError when the folder holds no results, or such as another version wrote. */
export function readResults(outDir: string): ResultsDocument {
  const file = join(outDir, 'results.json');
  if (!existsSync(file)) {
    throw new UsageError(
      'no-results',
      `${outDir}: holds no results.json; give the --out folder of a finished score`,
      { file: outDir },
    );
  }
  const document = parse(file);
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

function parse(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new UsageError('results-unreadable', `${file}: is not JSON; score again`, { file, cause });
  }
}

function versionOf(document: unknown): unknown {
  return typeof document === 'object' && document !== null && 'version' in document
    ? document.version
    : undefined;
}
