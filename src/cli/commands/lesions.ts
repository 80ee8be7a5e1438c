import { Command } from 'commander';
import type { LesionsFlags } from '../run-lesions.ts';
import { addSettingFlags } from '../setting-flags.ts';
import type { DefineCommand } from './command.ts';

const help = `
Examples:
  voxtally lesions results/ --missed --top 20                   # the largest lesions that were missed
  voxtally lesions results/ --invented --class tumour --format csv

Lesions are components of the masks of a run scored with --measures overlap,lesions. A lesion of the reference is found
when it touches the prediction, else missed; one of the prediction matches when it touches the reference, else it is
invented. The voxel is the one nearest to the centre of mass. No volume is read.`;

export const lesionsCommand: DefineCommand = (terminal, finish) =>
  addSettingFlags(
    new Command('lesions')
      .description('which lesions a finished run missed or invented, where, and how large they are')
      .argument('<results>', 'folder of a finished run')
      .option('--missed', 'lesions of the reference that were missed')
      .option('--invented', 'lesions of the prediction that touch no reference')
      .option('--case <id>', 'one case; all by default')
      .option('--class <name>', 'one class; all by default')
      .option('--top <n>', 'most lesions listed, from 1 to 10000, the largest first', '10')
      .option('--format <kind>', 'table, json or csv', 'table')
      .option(
        '--viewer-url <address>',
        'add to each the address that shows it: what voxtally view prints, or a run in the dashboard',
      ),
    ['connectivity'],
  )
    .addHelpText('after', help)
    .action(async (folder: string, flags: LesionsFlags) => {
      const { runLesions } = await import('../run-lesions.ts');
      finish(runLesions(folder, flags, terminal));
    });
