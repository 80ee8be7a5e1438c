import { Command } from 'commander';
import { collectRule, failIfOption } from '../fail-if-option.ts';
import type { MergeFlags } from '../run-merge.ts';
import { tableOption } from '../table.ts';
import type { DefineCommand } from './command.ts';

const help = `
Examples:
  voxtally merge site-a/ site-b/ --out both/
  voxtally merge both/ --without case-017 --out fewer/

The results are those of one run over all cases, in the order of the runs given, to the last byte. No volume is read.
Pooled sorted losses need the shards of all runs (score --keep-shards always).`;

const collect = (id: string, ids: readonly string[]) => [...ids, id];

export const mergeCommand: DefineCommand = (terminal, finish) =>
  new Command('merge')
    .description('add finished runs of different cases, or withdraw cases')
    .argument('<runs...>', 'folders of finished runs')
    .requiredOption('--out <folder>', 'folder of the merged run')
    .option('--without <case>', 'a case to leave out; may be given several times', collect, [])
    .option('--overwrite', 'replace the run that --out holds')
    .option(
      '--take-over',
      'take --out over from a run that still owns it: that run can change nothing there any more',
    )
    .option('--threads <n>', 'auto or a number', 'auto')
    .option(...failIfOption, collectRule)
    .addOption(tableOption())
    .option('--json', 'print one JSON object')
    .addHelpText('after', help)
    .action(async (folders: string[], flags: MergeFlags) => {
      const { runMerge } = await import('../run-merge.ts');
      finish(await runMerge(folders, flags, terminal));
    });
