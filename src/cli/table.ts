/** The results on the terminal, and the flag that says which of them. */
import { Option } from 'commander';
import type { ResultsDocument } from '../results/document.ts';
import { isScored, resultsTable, type TableKind, tableKinds } from '../results/table.ts';
import { plainText } from './plain-text.ts';
import type { Terminal } from './terminal.ts';

export function tableOption(byDefault = 'metrics'): Option {
  return new Option('--table <what>', `values to print; by default ${byDefault}`).choices(tableKinds);
}

export function printTable(results: ResultsDocument, table: TableKind | undefined, terminal: Terminal): void {
  for (const line of resultsTable(results, { ...terminal, table: table ?? 'metrics' })) {
    terminal.out(`${line}\n`);
  }
}

/** What may not be as it was meant, on standard error, as `score` says it. */
export function tellWarnings({ warnings = [] }: ResultsDocument, terminal: Terminal): void {
  for (const warning of warnings) terminal.error(`warning: ${plainText(warning)}\n`);
}

/** How to see the losses of a run in `outDir`; empty where it has none or they were printed. */
export function lossesHint(results: ResultsDocument, table: TableKind | undefined, outDir: string): string {
  const isPrinted = table !== undefined && table !== 'metrics';
  return results.losses.length === 0 || isPrinted || !isScored(results)
    ? ''
    : `Losses: voxtally ask ${outDir} --table losses\n`;
}
