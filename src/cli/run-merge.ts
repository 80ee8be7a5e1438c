import { openFinishedRun } from '../questions/ask/finished-run.ts';
import { checkTarget, mergeRuns } from '../questions/merge/merge.ts';
import { checkSettings, selectCases } from '../questions/merge/select.ts';
import type { TableKind } from '../results/table.ts';
import { interruptedStatus } from './interrupt.ts';
import { prepareOutDir } from './out-dir.ts';
import { interrupting } from './run-ask.ts';
import { printTable } from './table.ts';
import type { Terminal } from './terminal.ts';

export interface MergeFlags {
  readonly out: string;
  readonly without: readonly string[];
  readonly overwrite?: boolean;
  readonly takeOver?: boolean;
  readonly threads?: string;
  readonly table?: TableKind;
  readonly json?: boolean;
}

/** `voxtally merge`: 1 when some cases have no score, as for `score`. */
export async function runMerge(
  folders: readonly string[],
  flags: MergeFlags,
  terminal: Terminal,
): Promise<number> {
  const { out: outDir, without, table, json } = flags;
  const runs = folders.map((folder) => openFinishedRun(folder));
  // Whatever is refused is refused before --overwrite removes anything.
  checkSettings(runs);
  selectCases(runs, without);
  checkTarget(runs, outDir);
  const { overwrite = false, takeOver = false } = flags;
  const out = prepareOutDir(outDir, { resume: false, overwrite, takeOver });
  const merged = await interrupting(terminal, flags.threads, (options) =>
    mergeRuns({ runs, outDir, out, without, ...options }),
  ).finally(() => out.release());
  if (merged === undefined) return interruptedStatus;
  if (json) terminal.out(`${JSON.stringify(merged)}\n`);
  else {
    printTable(merged.results, table, terminal);
    terminal.out(`\nWritten to ${outDir}, ${merged.hasShards ? 'with' : 'without'} shards.\n`);
  }
  return merged.results.cases.every(({ status }) => status === 'ok') ? 0 : 1;
}
