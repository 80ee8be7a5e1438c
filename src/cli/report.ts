import { resultsTable } from '../results/table.ts';
import type { RunReport } from '../run/types.ts';
import { formatDuration } from './progress-line.ts';
import type { Terminal } from './terminal.ts';

/** Prints what a run found: the table, or one JSON object that holds `results.json` under `results`. */
export function printReport(
  report: RunReport,
  warnings: readonly string[],
  json: boolean,
  terminal: Terminal,
): void {
  if (json) {
    terminal.out(`${JSON.stringify({ ...report, warnings })}\n`);
    return;
  }
  for (const line of resultsTable(report.results, terminal)) terminal.out(`${line}\n`);
  terminal.out(`\nWritten to ${report.outDir} in ${formatDuration(report.seconds)}.\n`);
}
