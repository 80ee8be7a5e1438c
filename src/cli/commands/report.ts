import { Command } from 'commander';
import type { DefineCommand } from './command.ts';

export const reportCommand: DefineCommand = (terminal, finish) =>
  new Command('report')
    .description('write one HTML file about a finished run, readable offline')
    .argument('<results>', 'the --out folder of a finished score')
    .option('--open', 'show it in the browser')
    .action(async (results: string, { open }: { open?: boolean }) => {
      const { runReport } = await import('../run-report.ts');
      finish(await runReport(results, open === true, terminal));
    });
