import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../base/errors.ts';
import { resultFiles } from '../run/result-files.ts';

/** What a run leaves in its folder, beside its `work` folder. */
const runFiles = [...resultFiles, 'run-id.txt', 'report.html', 'report-cases.html'] as const;

/** By these a `work` folder is told from somebody else's folder of that name. */
const workMarks = ['settings.json', 'cases.json'] as const;

/**
 * Makes the folder of a run. One that holds a run already is refused, unless that run is to be resumed, or
 * overwritten: then its results and its state are removed, and no other file.
 *
 * @throws UsageError when the folder holds a run, is a file or cannot be made.
 */
export function prepareOutDir(
  outDir: string,
  how: { readonly resume: boolean; readonly overwrite: boolean },
): void {
  if (how.resume && how.overwrite) {
    throw new UsageError('out-in-use', '--resume and --overwrite contradict each other; give one', {
      field: 'out',
    });
  }
  const work = join(outDir, 'work');
  const results = runFiles.map((name) => join(outDir, name)).filter((file) => existsSync(file));
  const hasWork = workMarks.some((name) => existsSync(join(work, name)));
  if ((results.length > 0 || hasWork) && !how.resume) {
    if (!how.overwrite) {
      throw new UsageError(
        'out-in-use',
        `${outDir} holds a run; give --resume to go on with it, --overwrite to replace it, or another --out`,
        { file: outDir, field: 'out' },
      );
    }
    for (const file of results) rmSync(file);
    if (hasWork) rmSync(work, { recursive: true });
  }
  try {
    mkdirSync(outDir, { recursive: true });
    if (!statSync(outDir).isDirectory()) throw new Error('not a folder');
  } catch (cause) {
    throw new UsageError('out-unusable', `${outDir}: cannot make this folder`, {
      file: outDir,
      field: 'out',
      cause,
    });
  }
}
