import { Command } from 'commander';
import type { ReportFlags } from '../run-report.ts';
import type { DefineCommand } from './command.ts';

export const reportCommand: DefineCommand = (terminal, finish) =>
  new Command('report')
    .description('write one HTML file about a finished run, or about several side by side, readable offline')
    .argument(
      '<results...>',
      'the --out folders of finished runs; of several the first is compared with the others',
    )
    .option('--out <file>', 'of a comparison; by default comparison.html')
    .option('--open', 'show it in the browser')
    .option(
      '--viewer-url <address>',
      'link cases and lesions to this viewer: what voxtally view prints, or a run in the dashboard',
    )
    .action(async (results: string[], flags: ReportFlags) => {
      const { runReport } = await import('../run-report.ts');
      finish(await runReport(results, flags, terminal));
    });
