import { Command } from 'commander';
import { addSettingFlags } from '../setting-flags.ts';
import type { DefineCommand } from './command.ts';

export const retryCommand: DefineCommand = (terminal, finish) => {
  const command = new Command('retry')
    .description(
      'try the failed and incomplete cases of a run on the queue again, or go on with a cancelled one',
    )
    .argument('<run>', 'id of the run')
    .option('--config <file>', 'settings as YAML or JSON; flags override them');
  return addSettingFlags(command, ['redis']).action(async (run: string, options: { config?: string }) => {
    const { withControl } = await import('../with-control.ts');
    const cases = await withControl(options, (control) => control.retry(run));
    terminal.out(
      `run ${run}: ${cases} failed or incomplete ${cases === 1 ? 'case is' : 'cases are'} tried again\n`,
    );
    finish(0);
  });
};
