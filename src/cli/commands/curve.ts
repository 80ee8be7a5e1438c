import { Command } from 'commander';
import type { CurveFlags } from '../run-curve.ts';
import type { DefineCommand } from './command.ts';

const help = `
Kinds: roc (with its area), pr (with average precision), threshold (Dice and Jaccard, with the best), calibration (with
expected calibration error and Brier score). Values are of all voxels; --points limits what is written of a curve only.
Needs the shards of the run (score --keep-shards always).`;

export const curveCommand: DefineCommand = (terminal, finish) =>
  new Command('curve')
    .description('exact curves of a class from a finished run')
    .argument('<results>', 'folder of a finished run')
    .option('--class <name>', 'the class (default: all)')
    .option('--case <id>', 'one case (default: all scored cases, pooled)')
    .option('--kind <list>', 'of roc, pr, threshold, calibration', 'roc,pr,threshold,calibration')
    .option('--points <n>', 'most points of a curve, at least 16', '1000')
    .option('--bins <n>', 'bins of the reliability diagram', '10')
    .option('--threads <n>', 'auto or a number', 'auto')
    .option('--out <file>', 'write the curves as CSV')
    .option('--json', 'print one JSON object, with the points')
    .addHelpText('after', help)
    .action(async (folder: string, flags: CurveFlags) => {
      const { runCurve } = await import('../run-curve.ts');
      finish(await runCurve(folder, flags, terminal));
    });
