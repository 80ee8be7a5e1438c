/** Entering the folder of a run: making it, or checking that it holds this very run. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PartialError, UsageError } from '../errors.ts';
import type { ManifestCase } from '../manifest/types.ts';
import { type CaseOutcomeRecord, readOutcome } from './case-outcome.ts';
import type { RunFolder } from './run-folder.ts';
import type { RunSettings } from './settings.ts';

/** @throws UsageError when `resume` finds another run. */
export function enterFolder(
  folder: RunFolder,
  settings: RunSettings,
  cases: readonly ManifestCase[],
  resume: boolean,
): void {
  if (resume && existsSync(join(folder.root, 'settings.json'))) checkSame(folder, settings, cases);
  else rmSync(folder.root, { recursive: true, force: true });
  folder.create();
  folder.writeSettings(settings, cases);
}

/** How work is cut may change between two starts; what is computed, and of what, may not. */
function checkSame(folder: RunFolder, settings: RunSettings, cases: readonly ManifestCase[]): void {
  const before = comparable(folder.readSettings());
  const now = comparable(settings);
  const differences = Object.keys(now).filter(
    (key) => JSON.stringify(now[key]) !== JSON.stringify(before[key]),
  );
  if (JSON.stringify(folder.readCases()) !== JSON.stringify(cases)) differences.push('cases');
  if (differences.length === 0) return;
  throw new UsageError(
    'resume-differs',
    `--resume: this folder holds a run that differs in ${differences.join(', ')}; give the settings and cases of that run, or another --out`,
    { file: folder.root, field: differences[0]! },
  );
}

function comparable(settings: RunSettings): Record<string, unknown> {
  const { tileShape, tileVoxels, threadMemoryBytes, stageAboveBytes, mergeFanIn, ...rest } = settings;
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
