import { Command } from 'commander';
import { shapeQuestions } from '../../settings/shape-names.ts';
import type { AskFlags } from '../run-ask.ts';
import { addSettingFlags } from '../setting-flags.ts';
import { tableOption } from '../table.ts';
import type { DefineCommand } from './command.ts';

const help = `
Examples:
  voxtally ask results/ --losses 'tversky(alpha=0.3,beta=0.7),focal-tversky(gamma=0.75)' --threshold 0.35
  voxtally ask results/ --losses all --convention keras --out keras/
  voxtally ask results/ --nsd-tolerance 0.5,3 --percentile 99 --connectivity 6 --lesion-preset brats-met

The answer is what a fresh score with these settings gives, to the last bit; no volume is read. Terms that the run did
not tally, and other thresholds, need its shards (score --keep-shards always).`;

export const askCommand: DefineCommand = (terminal, finish) =>
  addSettingFlags(askOptions(), shapeQuestions)
    .addOption(tableOption('metrics, with --losses all'))
    .option('--json', 'print one JSON object')
    .addHelpText('after', help)
    .action(async (folder: string, flags: AskFlags) => {
      const { runAsk } = await import('../run-ask.ts');
      finish(await runAsk(folder, flags, terminal));
    });

function askOptions(): Command {
  return new Command('ask')
    .description('ask a finished run for other losses, parameters, thresholds, distances or lesions')
    .argument('<results>', 'folder of a finished run')
    .option('--losses <list>', 'all, or such as "dice,tversky(alpha=0.3,beta=0.7)"; those of the run')
    .option('--threshold <p>', 'probability above which a voxel is foreground; that of the run')
    .option('--convention <name>', 'pytorch or keras; that of the run')
    .option('--fbeta <beta>', 'beta of the F-beta metric; that of the run')
    .option('--threads <n>', 'auto or a number', 'auto')
    .option('--out <folder>', 'write results.json, cases.csv and summary.json there')
    .option('--format <list>', 'json, or json,parquet for a Parquet file as well');
}
