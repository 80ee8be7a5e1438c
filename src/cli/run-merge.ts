import { openFinishedRun } from '../questions/ask/finished-run.ts';
import { checkTarget, mergeRuns } from '../questions/merge/merge.ts';
import { checkSettings, selectCases } from '../questions/merge/select.ts';
import type { TableKind } from '../results/table.ts';
import { interruptedStatus } from './interrupt.ts';
import { prepareOutDir } from './out-dir.ts';
import { printObject } from './print-object.ts';
import { applyRules, checkRuleNames, readRules, tellBroken } from './rules.ts';
import { interrupting } from './run-ask.ts';
import { printTable, tellWarnings } from './table.ts';
import type { Terminal } from './terminal.ts';

export interface MergeFlags {
  readonly out: string;
  readonly without: readonly string[];
  readonly overwrite?: boolean;
  readonly takeOver?: boolean;
  readonly threads?: string;
  readonly table?: TableKind;
  readonly json?: boolean;
  readonly failIf?: readonly string[];
}

/** `voxtally merge`: 1 when some cases have no score, 3 when a rule is broken, as for `score`. */
export async function runMerge(
  folders: readonly string[],
  flags: MergeFlags,
  terminal: Terminal,
): Promise<number> {
  const { out: outDir, without, table, json } = flags;
  const rules = readRules(flags.failIf);
  const runs = folders.map((folder) => openFinishedRun(folder));
  // Whatever is refused is refused before --overwrite removes anything.
  checkSettings(runs);
  selectCases(runs, without);
  checkTarget(runs, outDir);
  checkRuleNames(rules, runs[0]!.settings);
  const { overwrite = false, takeOver = false } = flags;
  const out = prepareOutDir(outDir, { resume: false, overwrite, takeOver });
  const merged = await interrupting(terminal, flags.threads, (options) =>
    mergeRuns({ runs, outDir, out, without, ...options }),
  ).finally(() => out.release());
  if (merged === undefined) return interruptedStatus;
  const isScored = merged.results.cases.every(({ status }) => status === 'ok');
  const ruled = applyRules(rules, merged.results, isScored ? 0 : 1);
  tellWarnings(merged.results, terminal);
  if (json) printObject(terminal, 'merge', { ...merged, ...ruled });
  else {
    printTable(merged.results, table, terminal);
    terminal.out(`\nWritten to ${outDir}, ${merged.hasShards ? 'with' : 'without'} shards.\n`);
  }
  tellBroken(ruled, terminal);
  return ruled.exitStatus;
}
