import { writeText } from '../base/write-whole.ts';
import { openFinishedRun } from '../questions/ask/finished-run.ts';
import { compareRuns } from '../questions/compare/compare.ts';
import { comparisonTable } from '../questions/compare/table.ts';
import type { Terminal } from './terminal.ts';

export interface CompareFlags {
  readonly seed: string;
  readonly resamples: string;
  readonly level: string;
  readonly measure?: string;
  readonly out?: string;
  readonly json?: boolean;
}

export function runCompare(a: string, b: string, flags: CompareFlags, terminal: Terminal): number {
  const comparison = compareRuns(openFinishedRun(a), openFinishedRun(b), {
    seed: Number(flags.seed),
    resamples: Number(flags.resamples),
    level: Number(flags.level),
    ...(flags.measure === undefined ? {} : { measure: flags.measure }),
  });
  if (flags.out !== undefined) writeText(flags.out, `${JSON.stringify(comparison, undefined, 1)}\n`);
  if (flags.json) terminal.out(`${JSON.stringify(comparison)}\n`);
  else for (const line of comparisonTable(comparison, terminal.width)) terminal.out(`${line}\n`);
  return 0;
}
