/** What a later start does not take from an earlier one. */
import { rmSync } from 'node:fs';
import { storedOutcome } from '../run/enter-run.ts';
import type { RunFolder } from '../run/run-folder.ts';
import { replacedInput } from '../volumes/input-stamps.ts';
import { removePooled } from './case-pool.ts';

/**
 * Removes the outcomes of cases that were not scored, whose files may have been mended, and of those whose files were
 * replaced since, with all that was merged of them: they are done again. @returns how many cases have no outcome now
 */
export function forgetOutcomes(folder: RunFolder, cases: number): number {
  const replaced = new Set<number>();
  let without = 0;
  for (let index = 0; index < cases; index++) {
    const outcome = storedOutcome(folder, index);
    if (outcome?.status === 'ok') {
      if (replacedInput(outcome.inputs) === undefined) continue;
      replaced.add(index);
    }
    rmSync(folder.caseOutcome(index), { force: true });
    without++;
  }
  if (replaced.size > 0) removePooled(folder, replaced);
  return without;
}
