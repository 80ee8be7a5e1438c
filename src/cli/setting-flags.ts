import type { Command } from 'commander';
import { presetNames } from '../settings/shape-names.ts';

/** A flag that overrides one setting. Values stay text; the schema of the settings reads and checks them. */
interface SettingFlag {
  /** As commander takes it. */
  readonly flag: string;
  /** The setting's path in the configuration. */
  readonly path: readonly [string] | readonly [string, string];
  readonly help: string;
}

const settingFlags: readonly SettingFlag[] = [
  { flag: '--scores <kind>', path: ['scores'], help: 'auto, probability, logit or label' },
  { flag: '--channels <relation>', path: ['channels'], help: 'auto, exclusive or independent' },
  {
    flag: '--channel-labels <labels>',
    path: ['channelLabels'],
    help: 'label that each channel scores, such as 0,1,2,4',
  },
  { flag: '--scale <factor>', path: ['scale'], help: 'factor of the predicted values, such as 1/255' },
  {
    flag: '--round-labels <tolerance>',
    path: ['roundLabels'],
    help: 'how far from a whole number a label may be',
  },
  { flag: '--classes <classes>', path: ['classes'], help: 'such as "WT=1,2,3;TC=2,3"' },
  { flag: '--ignore-label <label>', path: ['ignoreLabel'], help: 'reference label that counts for nothing' },
  { flag: '--unknown-labels <policy>', path: ['unknownLabels'], help: 'refuse or background' },
  { flag: '--losses <list>', path: ['losses'], help: 'all, or such as "dice,tversky(alpha=0.3,beta=0.7)"' },
  { flag: '--convention <name>', path: ['convention'], help: 'pytorch or keras' },
  { flag: '--threshold <p>', path: ['threshold'], help: 'probability above which a voxel is foreground' },
  { flag: '--fbeta <beta>', path: ['fbeta'], help: 'beta of the F-beta metric' },
  { flag: '--measures <list>', path: ['measures'], help: 'overlap, boundary, lesions' },
  { flag: '--percentiles <list>', path: ['percentiles'], help: 'percentiles of distances, such as 95,99' },
  { flag: '--percentile <list>', path: ['percentiles'], help: 'the same as --percentiles' },
  {
    flag: '--nsd-tolerance <mm>',
    path: ['nsdTolerancesMm'],
    help: 'tolerances of surface Dice, such as 1,2 or "liver=2;kidney=1"',
  },
  {
    flag: '--empty-distance <mm>',
    path: ['emptyDistance'],
    help: 'distance where one mask is empty: null, diagonal or a number',
  },
  { flag: '--connectivity <n>', path: ['connectivity'], help: 'of lesions: 6, 18 or 26' },
  { flag: '--match-iou <iou>', path: ['matchIou'], help: 'IoU above which lesions are paired' },
  { flag: '--lesion-preset <name>', path: ['lesionPreset'], help: `none, ${presetNames.join(', ')}` },
  {
    flag: '--probability-tolerance <p>',
    path: ['probabilityTolerance'],
    help: 'how far outside [0, 1] is let pass',
  },
  { flag: '--clamp', path: ['clamp'], help: 'count probabilities outside [0, 1] as 0 or 1' },
  { flag: '--reorient', path: ['reorient'], help: 'accept flipped or permuted axes of the same grid' },
  {
    flag: '--geometry-tolerance-mm <mm>',
    path: ['geometryToleranceMm'],
    help: 'largest distance between corners of the same grid',
  },
  {
    flag: '--allow-identical',
    path: ['allowIdentical'],
    help: 'score a case whose prediction and reference are the same file',
  },
  { flag: '--missing-prediction <policy>', path: ['missingPrediction'], help: 'fail-case or fail-run' },
  { flag: '--tile <x,y,z>', path: ['tile', 'shape'], help: 'shape of a tile in voxels' },
  { flag: '--tile-voxels <n>', path: ['tile', 'voxels'], help: 'size of an automatic tile' },
  { flag: '--tile-bundle <n>', path: ['tile', 'bundle'], help: 'voxels of small tiles stored in one file' },
  { flag: '--memory <size>', path: ['memory'], help: 'memory that the run may plan for, such as 2GiB' },
  { flag: '--threads <n>', path: ['threads'], help: 'auto or a number' },
  { flag: '--stage-above-mib <n>', path: ['stageAboveMiB'], help: 'inflate larger gzip pairs to disk first' },
  { flag: '--merge-fan-in <n>', path: ['mergeFanIn'], help: 'shards merged at once' },
  { flag: '--engine <name>', path: ['engine'], help: 'embedded or redis' },
  { flag: '--redis <url>', path: ['redis', 'url'], help: 'address of the queue; or in VOXTALLY_REDIS' },
  { flag: '--redis-prefix <text>', path: ['redis', 'prefix'], help: 'start of every key in the queue' },
  {
    flag: '--work-root <folder>',
    path: ['redis', 'workRoot'],
    help: 'shared folder of all runs on the queue',
  },
  {
    flag: '--audit <share>',
    path: ['audit'],
    help: 'compute 1%, all or a number of tiles again by TensorFlow',
  },
  { flag: '--keep-shards <policy>', path: ['keepShards'], help: 'auto, always or never' },
  { flag: '--keep-shards-max-mib <n>', path: ['keepShardsMaxMiB'], help: 'most that auto keeps' },
  { flag: '--format <list>', path: ['format'], help: 'json, or json,parquet for a Parquet file as well' },
  { flag: '--out <folder>', path: ['out'], help: 'folder of the run' },
  { flag: '--name <text>', path: ['name'], help: 'what pages call the run' },
  { flag: '--model <text>', path: ['model'], help: 'what was scored, such as a model and its version' },
];

/** Adds the flags of these settings (all, unless named by their first path element) to a command. */
export function addSettingFlags(command: Command, only?: readonly string[]): Command {
  for (const { flag, path, help } of settingFlags) {
    if (only === undefined || only.includes(path[0])) command.option(flag, help);
  }
  return command;
}

/**
 * The settings that the flags of a command line give, for `loadConfig`. The address of Redis, which may hold a password
 * and would be seen in the list of processes, may be in the environment instead.
 */
export function settingsFromFlags(
  options: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  const { VOXTALLY_REDIS: url } = environment;
  if (url !== undefined && url !== '') settings.redis = { url };
  for (const { flag, path } of settingFlags) {
    const value = options[optionName(flag)];
    if (value === undefined) continue;
    const [name, inner] = path;
    settings[name] =
      inner === undefined ? value : { ...(settings[name] as object | undefined), [inner]: value };
  }
  return settings;
}

/** Commander's name of an option's value: `--ignore-label <label>` is `ignoreLabel`. */
function optionName(flag: string): string {
  const long = /^--([a-z-]+)/.exec(flag)![1]!;
  return long.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
