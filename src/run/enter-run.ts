/** Entering the folder of a run: making it, or checking that it holds this very run. */
import { PartialError, UsageError } from '../base/errors.ts';
import type { ManifestCase } from '../cases/types.ts';
import type { RunSettings } from '../settings/run-settings.ts';
import { differingSettings } from '../settings/setting-kinds.ts';
import { storedOutcome } from './case-outcome.ts';
import { ownerFolder } from './lease.ts';
import type { RunFolder } from './run-folder.ts';

/**
 * What is damaged is set aside and written anew: everything else says by itself which settings and files it is of.
 * @throws UsageError when `resume` finds another run, MachineError when what is there cannot be read
 */
export function enterFolder(
  folder: RunFolder,
  settings: RunSettings,
  cases: readonly ManifestCase[],
  resume: boolean,
): void {
  if (!resume || !holdsSame(folder, settings, cases)) {
    for (const name of folder.store.list('')) if (name !== ownerFolder) folder.store.clear(name);
  }
  folder.store.sweep(true);
  folder.writeCases(cases, process.cwd());
  folder.writeSettings(settings);
}

/**
 * Whether there is a run to go on with. How work is cut may change between two starts; what is computed, and of what, may not.
 */
function holdsSame(folder: RunFolder, settings: RunSettings, cases: readonly ManifestCase[]): boolean {
  const setAside = (record: string) => folder.store.setAside(record);
  const storedSettings = wholeRecord(() => folder.readSettings(), setAside);
  const storedCases = wholeRecord(() => folder.readCases(), setAside);
  const differences: string[] = storedSettings
    ? differingSettings(storedSettings, settings, 'value', 'keeping')
    : [];
  if (storedCases && scoredFiles(storedCases) !== scoredFiles(cases)) differences.push('cases');
  if (differences.length === 0) return true;
  // A run that scored nothing, say for paths that were wrong, has nothing to lose; its settings were guesses.
  const outcomes = storedCases?.map((_, index) => storedOutcome(folder, index));
  if (outcomes?.every((outcome) => outcome !== undefined && outcome.status !== 'ok')) return false;
  throw new UsageError(
    'resume-differs',
    `--resume: this folder holds a run that differs in ${differences.join(', ')}; give the settings and cases of that run, or another --out`,
    { file: folder.path, field: differences[0]! },
  );
}

/** Images are shown and change no value. */
function scoredFiles(cases: readonly ManifestCase[]): string {
  return JSON.stringify(cases.map(({ image, ...entry }) => entry));
}

/** Whether settings and cases of the run can be read. @throws UsageError for those of another version */
export function hasWholeRecords(folder: RunFolder): boolean {
  return (
    wholeRecord(() => folder.readSettings()) !== undefined &&
    wholeRecord(() => folder.readCases()) !== undefined
  );
}

/** Undefined for a record that is missing, or damaged: of that one `damaged` hears. @throws UsageError for one of another version */
function wholeRecord<T>(read: () => T, damaged?: (record: string) => void): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof PartialError)) throw error;
    const { file, record } = error.place;
    if (error.code === 'record-version') throw new UsageError('run-version', error.message, { file: file! });
    if (error.code !== 'record-missing') damaged?.(record!);
    return undefined;
  }
}
