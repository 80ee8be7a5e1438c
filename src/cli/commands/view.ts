import { Command } from 'commander';
import type { ViewOptions } from '../run-view.ts';
import type { DefineCommand } from './command.ts';

export const viewCommand: DefineCommand = (terminal, finish) =>
  new Command('view')
    .description('look at the cases of a finished run in the browser, on this machine only')
    .argument('<results>', 'the --out folder of a finished score')
    .option('--port <port>', 'where it listens; 0 takes a free one', '8718')
    .option(
      '--images <folder>',
      'scans to show under the masks, named as the cases are; by default those of the manifest',
    )
    .option('--data-root <folder...>', 'read volumes below these folders only')
    .action(async (results: string, options: ViewOptions) => {
      const { runView } = await import('../run-view.ts');
      finish(await runView(results, options, terminal));
    });
