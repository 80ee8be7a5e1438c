import type { TableKind } from '../results/table.ts';
import type { RunReport } from '../run/types.ts';
import { printObject } from './print-object.ts';
import { formatDuration } from './progress-line.ts';
import type { Ruled } from './rules.ts';
import { lossesHint, printTable } from './table.ts';
import type { Terminal } from './terminal.ts';

/** A report with what the rules make of it. */
export type RuledReport = Omit<RunReport, 'exitStatus'> & Ruled;

/** What of a run's results is printed. */
export interface Printed {
  /** One JSON object on standard output in place of the table. */
  readonly json: boolean;
  /** By default the metrics. */
  readonly table?: TableKind | undefined;
}

/** Prints what a run found: the table, or one JSON object that holds `results.json` under `results`. */
export function printReport(
  report: RuledReport,
  warnings: readonly string[],
  { json, table }: Printed,
  terminal: Terminal,
): void {
  if (json) {
    printObject(terminal, 'score', { ...report, warnings });
    return;
  }
  const { results, outDir, seconds } = report;
  printTable(results, table, terminal);
  terminal.out(`\nWritten to ${outDir} in ${formatDuration(seconds)}.\n`);
  terminal.out(lossesHint(results, table, outDir));
}
