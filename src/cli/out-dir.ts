import { resolve } from 'node:path';
import { MachineError, UsageError } from '../base/errors.ts';
import { makeFolder } from '../base/make-folder.ts';
import { localStore } from '../run/open-store.ts';
import { OutFolder } from '../run/out-folder.ts';
import { resultFiles, runIdFile } from '../run/result-files.ts';
import { workFolder } from '../run/run-folder.ts';

/** What a run leaves in its folder, beside its `work` folder. */
const runFiles = [...resultFiles, runIdFile, 'report.html', 'report-cases.html'] as const;

/** By these a `work` folder is told from somebody else's folder of that name. */
const workMarks = ['settings.json', 'cases.json'].map((name) => `${workFolder}/${name}`);

/**
 * Makes the folder of a run and becomes its owner, until it is released or the process ends. A folder that holds a run already is
 * refused, unless that run is to be resumed, or overwritten: then its results and its state are removed, and no other file.
 *
 * @throws UsageError when the folder holds a run, belongs to one that goes on, is a file or cannot be made.
 */
export function prepareOutDir(
  outDir: string,
  how: { readonly resume: boolean; readonly overwrite: boolean; readonly takeOver?: boolean },
): OutFolder {
  if (how.resume && how.overwrite) {
    throw new UsageError('out-in-use', '--resume and --overwrite contradict each other; give one', {
      field: 'out',
    });
  }
  const there = localStore(resolve(outDir));
  const results = () => runFiles.filter((name) => there.has(name));
  const hasWork = () => workMarks.some((name) => there.has(name));
  if (!how.resume && !how.overwrite && (results().length > 0 || hasWork())) {
    throw new UsageError(
      'out-in-use',
      `${outDir} holds a run; give --resume to go on with it, --overwrite to replace it, or another --out`,
      { file: outDir, field: 'out' },
    );
  }
  try {
    makeFolder(resolve(outDir));
  } catch (cause) {
    throw new UsageError('out-unusable', `--out: ${(cause as Error).message}`, {
      file: outDir,
      field: 'out',
      cause,
    });
  }
  const out = OutFolder.own(outDir, { takeOver: how.takeOver === true });
  try {
    sweepResults(out);
    if (!how.overwrite) return out;
    // Results first: where they stand, `work` is of them.
    for (const name of results()) out.store.remove(name);
    if (hasWork()) out.store.clear(workFolder);
    return out;
  } catch (error) {
    out.release();
    throw error;
  }
}

/** Removes what a run that was killed had begun to write of its results. What cannot be removed is not part of them: it stays. */
function sweepResults({ store }: OutFolder): void {
  try {
    store.sweep(false);
  } catch (error) {
    if (!(error instanceof MachineError)) throw error;
  }
}
