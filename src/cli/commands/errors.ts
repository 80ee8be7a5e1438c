import { Command } from 'commander';
import type { ErrorsFlags } from '../run-errors.ts';
import type { DefineCommand } from './command.ts';

const help = `
Examples:
  voxtally errors results/                                      # the worst boxes of all cases
  voxtally errors results/ --case patient-07 --class tumour --map errors.nii.gz

Errors are sums of |p - y| in voxels (--measure hard: voxels on the wrong side of the threshold): "added" where the
prediction has what the reference has not, "missed" where it lacks it. A box is one or few whole planes (z) where a run
has the usual tiles; a run with --tile 64,64,64 or less has smaller ones, at most 512 per case. The map holds
the mean error of a voxel in each box, as one voxel per box that its affine puts in place (--map-grid voxels: on the grid of the
reference). No volume is read.`;

export const errorsCommand: DefineCommand = (terminal, finish) =>
  new Command('errors')
    .description('which parts of the volumes hold the errors of a finished run, as a list and as a map')
    .argument('<results>', 'folder of a finished run')
    .option('--case <id>', 'one case (default: all scored cases)')
    .option('--class <name>', 'one class (default: the errors of all classes, added)')
    .option('--measure <kind>', 'soft or hard', 'soft')
    .option('--top <n>', 'most boxes listed, from 1 to 10000', '10')
    .option('--format <kind>', 'table, json or csv', 'table')
    .option('--map <file>', 'write a map of the case as .nii or .nii.gz')
    .option('--map-grid <grid>', 'boxes or voxels; boxes where the reference says where it lies')
    .addHelpText('after', help)
    .action(async (folder: string, flags: ErrorsFlags) => {
      const { runErrors } = await import('../run-errors.ts');
      finish(await runErrors(folder, flags, terminal));
    });
