/** Which cases a merge holds, and whether its runs may be added at all. */

import { UsageError } from '../../base/errors.ts';
import type { ManifestCase } from '../../cases/types.ts';
import type { CaseOutcomeRecord } from '../../run/case-outcome.ts';
import type { RunSettings } from '../../settings/run-settings.ts';
import { differingSettings } from '../../settings/setting-kinds.ts';
import type { FinishedRun } from '../ask/finished-run.ts';

/** @throws UsageError that names every setting in which a run differs from the first. */
export function checkSettings(runs: readonly FinishedRun[]): void {
  const [first, ...others] = runs;
  for (const other of others) {
    const text = (run: FinishedRun, name: keyof RunSettings) => JSON.stringify(run.settings[name]);
    // How work was cut and what stayed behind changes no result.
    const differing = differingSettings(first!.settings, other.settings, 'value');
    if (differing.length === 0) continue;
    const list = differing.map(
      (name) =>
        `${name} is ${text(first!, name)} in ${first!.outDir} and ${text(other, name)} in ${other.outDir}`,
    );
    throw new UsageError(
      'settings-differ',
      `these runs cannot be merged: ${list.join('; ')}; score one of them again with the settings of the other`,
      { field: differing[0]! },
    );
  }
}

/** A case that the merge takes over. */
export interface TakenCase {
  readonly run: FinishedRun;
  readonly entry: ManifestCase;
  readonly outcome: CaseOutcomeRecord;
}

/**
 * The cases in the order of the runs, without those that are withdrawn.
 * @throws UsageError for a case that several runs hold or that is withdrawn and in none.
 */
export function selectCases(runs: readonly FinishedRun[], without: readonly string[]): TakenCase[] {
  const all = runs.flatMap((run) =>
    run.cases.map((entry, index) => ({ run, entry, outcome: run.outcomes[index]! })),
  );
  const unknown = without.filter((id) => all.every(({ entry }) => entry.id !== id));
  if (unknown.length > 0) {
    throw new UsageError('case-unknown', `--without: no run holds ${list(unknown)}`, { field: 'without' });
  }
  const taken = all.filter(({ entry }) => !without.includes(entry.id));
  const seen = new Map<string, FinishedRun>();
  const twice: string[] = [];
  for (const { run, entry } of taken) {
    const other = seen.get(entry.id);
    if (other) twice.push(`${entry.id} (${other.outDir} and ${run.outDir})`);
    else seen.set(entry.id, run);
  }
  if (twice.length > 0) {
    throw new UsageError(
      'case-twice',
      `cases that several runs hold: ${list(twice)}; score one of them under another id`,
    );
  }
  if (taken.length === 0) throw new UsageError('no-cases', 'no case is left', { field: 'without' });
  return taken;
}

/** The first few of many names. */
function list(names: readonly string[]): string {
  const shown = names.slice(0, 10).join(', ');
  return names.length <= 10 ? shown : `${shown} and ${names.length - 10} more`;
}
