/** From a user's configuration to settings with nothing left to `auto`. */
import { UsageError } from '../base/errors.ts';
import type { ManifestCase } from '../cases/types.ts';
import { parseLosses } from '../losses/registry.ts';
import { type LossContext, type LossSpec, neededLovasz, neededTerms } from '../losses/spec.ts';
import { decideChannels } from './decide-channels.ts';
import { decideScores, harmlessKind, type ScoreDecision } from './decide-scores.ts';
import { nameOfLabel, type RunClass, type RunSettings, thresholdDecides } from './run-settings.ts';
import { type Config, defaultConfig } from './schema.ts';
import { measureOf, shapeQuestions } from './shape-names.ts';
import { checkTolerances, shapeSettings } from './shape-settings.ts';

const mebi = 2 ** 20;
/** Clip of the cross-entropy of stored probabilities; 0 clamps at 100. */
export const crossEntropyClips = { pytorch: 0, keras: 1e-7 } as const;

export interface Resolved {
  readonly settings: RunSettings;
  readonly notes: readonly string[];
  /** No case can be read: these settings score nothing. */
  readonly unreadable?: true;
}

/** @throws UsageError when the configuration cannot be run on these cases. */
export async function resolveSettings(config: Config, cases: readonly ManifestCase[]): Promise<Resolved> {
  const decision = await decideScores(cases, config);
  if (!decision.unreadable) return resolveFor(decision, config, cases);
  return { ...(await resolveUnreadable(decision, config, cases)), unreadable: true };
}

async function resolveUnreadable(
  decision: ScoreDecision,
  config: Config,
  cases: readonly ManifestCase[],
): Promise<Resolved> {
  try {
    return await resolveFor(decision, config, cases);
  } catch (error) {
    // What the classes and losses ask of predictions says nothing where there are none: the files are at fault.
    if (
      !(error instanceof UsageError) ||
      !['channelLabels', 'channels', 'classes', 'losses', 'scale', 'scores'].includes(error.place.field ?? '')
    ) {
      throw error;
    }
    const scores = harmlessKind(decision.channelCount);
    const harmless = { ...config, losses: 'all', channelLabels: null, scale: 1 };
    if (scores === 'label') return resolveFor({ ...decision, scores }, harmless, cases);
    return resolveFor({ ...decision, scores }, { ...harmless, channels: 'exclusive', classes: null }, cases);
  }
}

async function resolveFor(
  decision: ScoreDecision,
  config: Config,
  cases: readonly ManifestCase[],
): Promise<Resolved> {
  const { scores, channelCount, note } = decision;
  if (scores === 'label' && config.scale !== 1) {
    throw new UsageError(
      'scale',
      'scale: labels are not multiplied; leave it out, or say --scores probability',
      {
        field: 'scale',
      },
    );
  }
  const { channels, channelLabels, notes } = await decideChannels(decision, config, cases);
  const classes = resolveClasses(config, scores, channels, channelCount, channelLabels);
  const decisions = [
    ...(note === '' ? [] : [note]),
    ...notes,
    ...noteOnThreshold(config, { scores, channels, channelCount, classes }),
    ...notesOnShapes(config),
  ];
  const shapes = shapeSettings(config);
  // The classes of label maps may be known only when all have been read.
  if (classes.length > 0)
    checkTolerances(
      shapes,
      classes.map(({ name }) => name),
    );
  const base: Omit<RunSettings, 'terms' | 'lovasz'> = {
    scores,
    channels,
    channelCount,
    channelLabels,
    scale: config.scale,
    roundLabels: config.roundLabels,
    decisions,
    scoresFound: config.scores === 'auto',
    classes,
    ...(config.labelNames === null ? {} : { labelNames: config.labelNames }),
    ignoreLabel: config.ignoreLabel,
    unknownLabels: config.unknownLabels,
    convention: config.convention,
    losses: config.losses,
    crossEntropyClip: crossEntropyClips[config.convention],
    threshold: config.threshold,
    fbeta: config.fbeta,
    probabilityTolerance: config.probabilityTolerance,
    clamp: config.clamp,
    reorient: config.reorient,
    geometryToleranceMm: config.geometryToleranceMm,
    ...(config.allowIdentical ? { allowIdentical: true } : {}),
    tileShape: config.tile.shape,
    tileVoxels: config.tile.voxels,
    bundleVoxels: config.tile.bundle,
    stageAboveBytes: config.stageAboveMiB * mebi,
    mergeFanIn: config.mergeFanIn,
    keepShards: config.keepShards,
    keepShardsMaxBytes: config.keepShardsMaxMiB * mebi,
    ...(config.audit === 'none' ? {} : { audit: config.audit }),
    ...(shapes === undefined ? {} : { shapes }),
  };
  const losses = parseLosses(config.losses, lossContext(base));
  const lovasz = scores === 'label' ? [] : [...neededLovasz(losses)].sort();
  return {
    settings: { ...base, terms: scores === 'label' ? [] : neededTerms(losses), lovasz },
    notes: decisions,
  };
}

/** A threshold that a user gave and that decides nothing is told. */
function noteOnThreshold(
  { threshold }: Config,
  settings: Pick<RunSettings, 'scores' | 'channels' | 'channelCount' | 'classes'>,
): string[] {
  if (threshold === defaultConfig().threshold || thresholdDecides(settings)) return [];
  const decider = settings.scores === 'label' ? 'the label map' : 'the largest channel';
  return [`the threshold ${threshold} changes nothing: ${decider} decides`];
}

/** Settings of borders or lesions that a user gave, where these are not measured. */
function notesOnShapes(config: Config): string[] {
  const usual = defaultConfig();
  return shapeQuestions
    .filter((name) => !config.measures.includes(measureOf(name)))
    .filter((name) => JSON.stringify(config[name]) !== JSON.stringify(usual[name]))
    .map((name) => {
      const measures = [...config.measures, measureOf(name)].join();
      return `${name} ${JSON.stringify(config[name])} changes nothing: it needs --measures ${measures}`;
    });
}

/** The run's losses. */
export function lossesOf(settings: RunSettings): LossSpec[] {
  return parseLosses(settings.losses, lossContext(settings));
}

function lossContext(
  settings: Pick<RunSettings, 'convention' | 'scores' | 'channels' | 'classes'>,
): LossContext {
  const { convention, scores, channels, classes } = settings;
  const names = classes.map(({ name }) => name);
  return { convention, scores, channels, ...(names.length > 0 ? { classNames: names } : {}) };
}

function resolveClasses(
  config: Config,
  scores: string,
  channels: 'exclusive' | 'independent',
  channelCount: number,
  channelLabels: readonly number[],
): RunClass[] {
  const fault = (message: string) => new UsageError('classes', message, { field: 'classes' });
  if (config.classes === null) {
    if (scores === 'label') return [];
    if (channelLabels.length === 0) return [{ name: 'foreground', labels: 'positive', channels: [0] }];
    return channelLabels.map((label, channel) => ({
      name: nameOfLabel({ labelNames: config.labelNames ?? undefined }, label),
      labels: [label],
      channels: [channel],
    }));
  }
  const named = Object.entries(config.classes);
  if (scores === 'label') return named.map(([name, labels]) => ({ name, labels, channels: [0] }));
  if (channels === 'exclusive') {
    return named.map(([name, labels]) => {
      const beyond = labels.find((label) => !channelLabels.includes(label));
      if (beyond !== undefined) {
        throw fault(
          `classes.${name}: label ${beyond} has no channel; the ${channelCount} channels score the labels ${channelLabels.join(', ')}; if these are others, name them with --channel-labels`,
        );
      }
      return { name, labels, channels: labels.map((label) => channelLabels.indexOf(label)) };
    });
  }
  if (named.length !== channelCount) {
    throw fault(
      `${named.length} classes are named and the predictions have ${channelCount} independent channels; name one class per channel, in their order`,
    );
  }
  return named.map(([name, labels], channel) => ({ name, labels, channels: [channel] }));
}
