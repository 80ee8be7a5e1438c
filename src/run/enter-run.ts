/** Entering the folder of a run: making it, or checking that it holds this very run. */
import { existsSync, rmSync } from 'node:fs';
import { PartialError, UsageError } from '../base/errors.ts';
import type { ManifestCase } from '../cases/types.ts';
import type { RunSettings } from '../settings/run-settings.ts';
import { type CaseOutcomeRecord, readOutcome } from './case-outcome.ts';
import type { RunFolder } from './run-folder.ts';

/** @throws UsageError when `resume` finds another run. */
export function enterFolder(
  folder: RunFolder,
  settings: RunSettings,
  cases: readonly ManifestCase[],
  resume: boolean,
): void {
  if (!resume || !holdsSame(folder, settings, cases)) rmSync(folder.root, { recursive: true, force: true });
  folder.create();
  folder.sweep();
  folder.writeSettings(settings, cases);
}

/**
 * Whether there is a run to go on with: without its settings and cases, whole, nothing in the folder can be believed.
 * How work is cut may change between two starts; what is computed, and of what, may not.
 */
function holdsSame(folder: RunFolder, settings: RunSettings, cases: readonly ManifestCase[]): boolean {
  const stored = storedRun(folder);
  if (!stored) return false;
  const before = comparable(stored.settings);
  const now = comparable(settings);
  const differences = Object.keys(now).filter(
    (key) => JSON.stringify(now[key]) !== JSON.stringify(before[key]),
  );
  if (scoredFiles(stored.cases) !== scoredFiles(cases)) differences.push('cases');
  if (differences.length === 0) return true;
  // A run that scored nothing, say for paths that were wrong, has nothing to lose; its settings were guesses.
  const outcomes = stored.cases.map((_, index) => storedOutcome(folder, index));
  if (outcomes.every((outcome) => outcome !== undefined && outcome.status !== 'ok')) return false;
  throw new UsageError(
    'resume-differs',
    `--resume: this folder holds a run that differs in ${differences.join(', ')}; give the settings and cases of that run, or another --out`,
    { file: folder.root, field: differences[0]! },
  );
}

/** Images are shown and change no value. */
function scoredFiles(cases: readonly ManifestCase[]): string {
  return JSON.stringify(cases.map(({ image, ...entry }) => entry));
}

function storedRun(folder: RunFolder): { settings: RunSettings; cases: ManifestCase[] } | undefined {
  try {
    return { settings: folder.readSettings(), cases: folder.readCases() };
  } catch (error) {
    if (error instanceof PartialError) return undefined;
    throw error;
  }
}

function comparable(settings: RunSettings): Record<string, unknown> {
  const {
    tileShape,
    tileVoxels,
    bundleVoxels,
    stageAboveBytes,
    mergeFanIn,
    // These refuse cases and change no value.
    allowIdentical,
    decisions,
    scoresFound,
    ...rest
  } = settings;
  return JSON.parse(JSON.stringify(rest));
}

/** The outcome that stands in the folder; undefined when there is none that can be believed. */
export function storedOutcome(folder: RunFolder, index: number): CaseOutcomeRecord | undefined {
  if (!existsSync(folder.caseOutcome(index))) return undefined;
  try {
    return readOutcome(folder, index);
  } catch (error) {
    if (error instanceof PartialError) return undefined;
    throw error;
  }
}
