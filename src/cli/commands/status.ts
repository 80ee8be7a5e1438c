import { Command } from 'commander';
import type { StatusOptions } from '../run-status.ts';
import { addSettingFlags } from '../setting-flags.ts';
import type { DefineCommand } from './command.ts';

export const statusCommand: DefineCommand = (terminal, finish) => {
  const command = new Command('status')
    .description('show the runs on the queue and its workers, or one run with its failures')
    .argument('[run]', 'id of the run')
    .option('--config <file>', 'settings as YAML or JSON; flags override them')
    .option('--json', 'print one JSON object');
  return addSettingFlags(command, ['redis']).action(
    async (run: string | undefined, options: StatusOptions) => {
      const { runStatus } = await import('../run-status.ts');
      finish(await runStatus(run, options, terminal));
    },
  );
};
