import { Command } from 'commander';
import { addSettingFlags } from '../setting-flags.ts';
import type { DefineCommand } from './command.ts';

export const cancelCommand: DefineCommand = (terminal, finish) => {
  const command = new Command('cancel')
    .description('end a run on the queue; what is done stays, and retry goes on with it')
    .argument('<run>', 'id of the run')
    .option('--config <file>', 'settings as YAML or JSON; flags override them');
  return addSettingFlags(command, ['redis']).action(async (run: string, options: { config?: string }) => {
    const { withControl } = await import('../with-control.ts');
    await withControl(options, (control) => control.cancel(run));
    terminal.out(`run ${run} is cancelled; voxtally retry ${run} goes on with it\n`);
    finish(0);
  });
};
