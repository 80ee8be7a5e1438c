/** The results on the terminal, and the flag that says which of them. */
import { Option } from 'commander';
import type { ResultsDocument } from '../results/document.ts';
import { isScored, resultsTable, type TableKind, tableKinds } from '../results/table.ts';
import type { Terminal } from './terminal.ts';

export function tableOption(): Option {
  return new Option('--table <what>', 'values to print').choices(tableKinds).default('metrics');
}

export function printTable(results: ResultsDocument, table: TableKind | undefined, terminal: Terminal): void {
  for (const line of resultsTable(results, { ...terminal, table: table ?? 'metrics' })) {
    terminal.out(`${line}\n`);
  }
}

/** How to see the losses of a run in `outDir`; empty where it has none or they were printed. */
export function lossesHint(results: ResultsDocument, table: TableKind | undefined, outDir: string): string {
  const isPrinted = table !== undefined && table !== 'metrics';
  return results.losses.length === 0 || isPrinted || !isScored(results)
    ? ''
    : `Losses: voxtally ask ${outDir} --table losses\n`;
}
