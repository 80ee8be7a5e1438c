import { Command } from 'commander';
import { addSettingFlags, settingsFromFlags } from '../setting-flags.ts';
import type { DefineCommand } from './command.ts';

/** The settings on which the projection of tiles and memory depends. */
const projected = ['scores', 'tile', 'memory', 'threads'];

export const inspectCommand: DefineCommand = (terminal, finish) => {
  const command = new Command('inspect')
    .description('show the header, grid, affine, kind of scores, projected tiles and memory of volumes')
    .argument('<files...>', 'NIfTI volumes')
    .option('--config <file>', 'settings as YAML or JSON; flags override them')
    .option('--json', 'print one JSON object with a report for each file');
  return addSettingFlags(command, projected).action(
    async (files: string[], options: { config?: string; json?: boolean }) => {
      const { runInspect } = await import('../run-inspect.ts');
      const source = {
        ...(options.config === undefined ? {} : { file: options.config }),
        flags: settingsFromFlags({ ...options }),
      };
      finish(await runInspect(files, source, options.json === true, terminal));
    },
  );
};
