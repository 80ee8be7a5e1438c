import { Command } from 'commander';
import type { CompareFlags } from '../run-compare.ts';
import type { DefineCommand } from './command.ts';

const help = `
Cases are matched by their id; differences are b - a. Intervals are percentile bootstrap intervals over cases: for means
over cases, and for pooled values by adding the sums of the drawn cases again (not for sorted losses, whose pool is no
sum). p is of the two-sided Wilcoxon signed-rank test: exact up to 50 differences; it is not corrected for many rows.`;

export const compareCommand: DefineCommand = (terminal, finish) =>
  new Command('compare')
    .description('compare the same cases under two models')
    .argument('<a>', 'folder of a finished run')
    .argument('<b>', 'folder of another')
    .option('--measure <name>', 'one measure, such as dice or hd95.directed; all by default')
    .option('--seed <n>', 'of the draws; the same seed gives the same intervals', '1')
    .option('--resamples <n>', 'draws of the bootstrap', '2000')
    .option('--level <share>', 'share of the draws in an interval', '0.95')
    .option('--out <file>', 'write the comparison as JSON')
    .option('--json', 'print it as one JSON object')
    .addHelpText('after', help)
    .action(async (a: string, b: string, flags: CompareFlags) => {
      const { runCompare } = await import('../run-compare.ts');
      finish(runCompare(a, b, flags, terminal));
    });
