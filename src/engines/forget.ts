/** What a later start does not take from an earlier one. */
import { storedOutcome } from '../run/case-outcome.ts';
import { caseIdentity } from '../run/identity.ts';
import type { RunFolder } from '../run/run-folder.ts';
import { replacedInput } from '../volumes/input-stamps.ts';
import { removePooled } from './case-pool.ts';

/**
 * Removes the outcomes of cases that were not scored, whose files may have been repaired, of those whose files were replaced
 * since, and of those that are of other settings, with all that was merged of them: they are done again.
 * @returns how many cases have no outcome now
 */
export function forgetOutcomes(folder: RunFolder): number {
  const settings = folder.readSettings();
  const redone = new Set<number>();
  let without = 0;
  for (const [index, { id }] of folder.readCases().entries()) {
    const outcome = storedOutcome(folder, index);
    if (outcome?.status === 'ok') {
      const isSame = outcome.of === caseIdentity(settings, id, outcome.inputs);
      if (isSame && replacedInput(outcome.inputs) === undefined) continue;
      redone.add(index);
    }
    folder.store.remove(folder.caseOutcome(index));
    without++;
  }
  if (redone.size > 0) removePooled(folder, redone);
  return without;
}
