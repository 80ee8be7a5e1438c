/** From a user's configuration to settings with nothing left to `auto`. */
import { availableParallelism } from 'node:os';
import { UsageError } from '../base/errors.ts';
import type { ManifestCase } from '../cases/types.ts';
import { parseLosses } from '../losses/registry.ts';
import { type LossContext, type LossSpec, neededLovasz, neededTerms } from '../losses/spec.ts';
import { decideScores, type ScoreDecision } from './decide-scores.ts';
import type { RunClass, RunSettings } from './run-settings.ts';
import type { Config } from './schema.ts';

const mebi = 2 ** 20;
/** What the process takes besides the memory of its threads: Node itself, code, plans and results. */
const processBytes = 192 * mebi;
/** Clip of the cross-entropy of stored probabilities; 0 clamps at 100. */
export const crossEntropyClips = { pytorch: 0, keras: 1e-7 } as const;

export interface Resolved {
  readonly settings: RunSettings;
  readonly threads: number;
  readonly notes: readonly string[];
}

/** How many threads a configuration asks for. */
export function threadCount({ threads }: Config): number {
  return threads === 'auto' ? availableParallelism() : threads;
}

/** @throws UsageError when the configuration cannot be run on these cases. */
export async function resolveSettings(config: Config, cases: readonly ManifestCase[]): Promise<Resolved> {
  const decision = await decideScores(cases, config.scores, config.probabilityTolerance);
  if (!decision.unreadable) return resolveFor(decision, config);
  try {
    return resolveFor(decision, config);
  } catch (error) {
    // What the classes and losses ask of predictions is no news where there is none: the files are at fault.
    if (
      !(error instanceof UsageError) ||
      !['classes', 'losses', 'scores'].includes(error.place.field ?? '')
    ) {
      throw error;
    }
    return resolveFor({ ...decision, scores: 'label' }, { ...config, losses: 'all' });
  }
}

function resolveFor(decision: ScoreDecision, config: Config): Resolved {
  const { scores, channelCount } = decision;
  const channels = resolveChannels(config, scores, channelCount);
  const classes = resolveClasses(config, scores, channels, channelCount);
  const threads = threadCount(config);
  const base: Omit<RunSettings, 'terms' | 'lovasz'> = {
    scores,
    channels,
    channelCount,
    classes,
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
    threadMemoryBytes: threadMemory(config.memory, threads),
    stageAboveBytes: config.stageAboveMiB * mebi,
    mergeFanIn: config.mergeFanIn,
    keepShards: config.keepShards,
    keepShardsMaxBytes: config.keepShardsMaxMiB * mebi,
    ...(config.audit === 'none' ? {} : { audit: config.audit }),
  };
  const losses = parseLosses(config.losses, lossContext(base));
  const lovasz = scores === 'label' ? [] : [...neededLovasz(losses)].sort();
  return {
    settings: { ...base, terms: scores === 'label' ? [] : neededTerms(losses), lovasz },
    threads,
    notes: decision.note === '' ? [] : [decision.note],
  };
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

/**
 * A thread's share: twice for each thread (its kernels, and a tile of a stream on its way to it) and two more tiles
 * that wait.
 */
function threadMemory(memoryBytes: number, threads: number): number {
  const share = Math.floor((memoryBytes - processBytes) / (2 * threads + 2));
  if (share >= 8 * mebi) return share;
  throw new UsageError(
    'memory-budget',
    `memory: (${memoryBytes} - ${processBytes} bytes for the process) / (2 x ${threads} threads + 2) = ${share} bytes a thread, at least ${8 * mebi} are needed; give more --memory or fewer --threads`,
    { field: 'memory' },
  );
}

function resolveChannels(config: Config, scores: string, channelCount: number): 'exclusive' | 'independent' {
  if (scores === 'label') {
    if (channelCount === 1) return 'exclusive';
    throw new UsageError('channels', `scores: label needs one channel a prediction, not ${channelCount}`, {
      field: 'scores',
    });
  }
  if (channelCount === 1) return 'independent';
  return config.channels === 'auto' ? 'exclusive' : config.channels;
}

function resolveClasses(
  config: Config,
  scores: string,
  channels: 'exclusive' | 'independent',
  channelCount: number,
): RunClass[] {
  const fault = (message: string) => new UsageError('classes', message, { field: 'classes' });
  if (config.classes === null) {
    if (scores === 'label') return [];
    if (channelCount === 1) return [{ name: 'foreground', labels: 'positive', channels: [0] }];
    return Array.from({ length: channelCount }, (_, channel) => ({
      name: String(channel),
      labels: [channel],
      channels: [channel],
    }));
  }
  const named = Object.entries(config.classes);
  if (scores === 'label') return named.map(([name, labels]) => ({ name, labels, channels: [0] }));
  if (channels === 'exclusive') {
    return named.map(([name, labels]) => {
      const beyond = labels.find((label) => label < 0 || label >= channelCount);
      if (beyond !== undefined) {
        throw fault(
          `classes.${name}: label ${beyond} has no channel; the predictions have channels 0 to ${channelCount - 1}, channel k scores label k`,
        );
      }
      return { name, labels, channels: labels };
    });
  }
  if (named.length !== channelCount) {
    throw fault(
      `${named.length} classes are named and the predictions have ${channelCount} independent channels; name one class a channel, in their order`,
    );
  }
  return named.map(([name, labels], channel) => ({ name, labels, channels: [channel] }));
}
