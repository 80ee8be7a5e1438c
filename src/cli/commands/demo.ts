import { Command } from 'commander';
import type { DefineCommand } from './command.ts';

export const demoCommand: DefineCommand = (terminal, finish) =>
  new Command('demo')
    .description('make up a small hospital in a folder and score it')
    .option('--folder <folder>', 'where it is made', 'demo')
    .option('--quiet', 'print results and errors only')
    .action(async ({ folder, quiet }: { folder: string; quiet?: boolean }) => {
      const { runDemo } = await import('../run-demo.ts');
      finish(await runDemo(folder, quiet === true, terminal));
    });
