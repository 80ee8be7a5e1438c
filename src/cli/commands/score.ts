import { Command } from 'commander';
import { collectRule, failIfOption } from '../fail-if-option.ts';
import type { ScoreOptions } from '../run-score.ts';
import { addSettingFlags } from '../setting-flags.ts';
import { tableOption } from '../table.ts';
import type { DefineCommand } from './command.ts';

const help = `
Examples:
  voxtally score --predictions preds/ --references labels/ --out results/
  voxtally score --manifest cases.csv --scores logit --losses dice,tversky,lovasz-hinge --out results/

  voxtally score --predictions preds/ --references labels/ --prediction-suffix _seg --out results/
  voxtally score --predictions derivatives/unet/ --references derivatives/manual/ --recursive \
    --prediction-suffix _desc-unet_dseg --reference-suffix _dseg --out results/

Files are paired by name: equal but for the ending and a channel suffix such as _0000. A suffix ends the names of one
side; a pattern such as '{case}/seg' or 'sub-{case}_*_dseg' says where the case is in them ({case}; * is any text).
A manifest is a table (commas, semicolons or tabs; UTF-8 or UTF-16) with the columns case, prediction, reference and
optionally image and group; channel files of one prediction are joined by "|". config/default.yaml explains every setting.

A rule of --fail-if is [mean | median | min | max] MEASURE[.CLASS] < | <= | > | >= NUMBER, by default the mean, or a number
of cases: failed, incomplete, scored, cases. A value that is undefined counts as a failure. What --notify sends is signed with
the secret in VOXTALLY_NOTIFY_SECRET.
Exit status: 0 all scored, 1 some cases failed, 2 nothing could run, 3 a rule of --fail-if was broken.`;

export const scoreCommand: DefineCommand = (terminal, finish) => {
  const command = new Command('score')
    .description('score predictions against references')
    .option('--predictions <folder>', 'predictions, paired with the references by file name')
    .option('--references <folder>', 'references, one per case')
    .option('--manifest <file>', 'the cases as CSV or TSV, in place of the two folders')
    .option('--prediction-suffix <text>', 'what follows the case in the names of predictions, such as _seg')
    .option('--reference-suffix <text>', 'the same of references')
    .option('--prediction-pattern <pattern>', "names of predictions, such as '{case}/seg'")
    .option('--reference-pattern <pattern>', 'names of references')
    .option('--recursive', 'look into subfolders, as of BIDS derivatives')
    .option('--images <folder>', 'the scans of the cases, display only')
    .option('--image-suffix <text>', 'what follows the case in the names of scans, such as _T1w')
    .option('--image-pattern <pattern>', 'names of scans')
    .option('--shard <i/n>', 'score only part i of n of the cases; voxtally merge puts the parts together')
    .option(
      '--label-names <file>',
      "names of labels: nnU-Net's dataset.json, ITK-SNAP, 3D Slicer, dseg.tsv, FreeSurfer LUT",
    )
    .option('--config <file>', 'settings as YAML or JSON; flags override them')
    .option(
      '--dry-run',
      'show pairs, kinds, grids and memory of all cases, and what would fail; score nothing',
    )
    .option('--resume', 'go on with the run that --out holds')
    .option('--overwrite', 'replace the run that --out holds')
    .option(
      '--take-over',
      'take --out over from a run that still owns it: that run can change nothing there any more',
    )
    .option('--detach', 'with --engine redis: print the id of the run and leave it to the workers')
    .option('--priority <n>', 'with --engine redis: 1 (first) to 1000; by default 100')
    .option(
      '--patience <minutes>',
      'with --engine redis: give up when nothing has moved for so long; by default 30',
    )
    .option(...failIfOption, collectRule)
    .option('--notify <url>', 'tell this address of the end of the run; or in VOXTALLY_NOTIFY')
    .option('--notify-case-ids', 'with the ids of cases without a score')
    .addOption(tableOption())
    .option('--json', 'print one JSON object')
    .option('--quiet', 'print results and errors only');
  return addSettingFlags(command)
    .addHelpText('after', help)
    .action(async (options: ScoreOptions) => {
      const { runScore } = await import('../run-score.ts');
      finish(await runScore(options, terminal));
    });
};
