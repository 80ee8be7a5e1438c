import { expect, test } from 'vitest';
import type { HardDecision } from '../../../src/measures/tile/hard-decision.ts';
import { hardDecision } from '../../../src/measures/tile/hard-decision.ts';
import { resolveSettings } from '../../../src/settings/resolve-settings.ts';
import { type ConfigInput, configSchema } from '../../../src/settings/schema.ts';
import { goldenCases, readChannels } from '../../losses/golden.ts';
import { golden, pair, score, scored, temporaryFolder } from '../../run/support.ts';

const folder = temporaryFolder();

function entry(id: string) {
  const found = goldenCases.find((each) => each.id === id)!;
  return { ...found, manifest: pair(id, golden(found.prediction), golden(found.reference)) };
}

/** Voxels that the rule gives to a class, on its reference and beside it. */
function counts(decision: HardDecision, channels: readonly number[][], truth: readonly (boolean | null)[]) {
  let [tp, fp] = [0, 0];
  truth.forEach((isForeground, i) => {
    if (isForeground === null) return;
    if (!decision.isGiven(decision.channels.map((channel) => channels[channel]![i]!))) return;
    if (isForeground) tp++;
    else fp++;
  });
  return { tp, fp };
}

test.each<[string, ConfigInput]>([
  ['softmax4', { scores: 'probability', ignoreLabel: 255 }],
  [
    'softmax4',
    { scores: 'probability', ignoreLabel: 255, classes: { low: [0, 1], two: [2] }, threshold: 0.3 },
  ],
  [
    'softmax4',
    { scores: 'logit', channels: 'exclusive', ignoreLabel: 255, classes: { low: [0, 1], two: [2] } },
  ],
  [
    'softmax4',
    {
      scores: 'probability',
      channels: 'independent',
      ignoreLabel: 255,
      threshold: 0.4,
      classes: { a: [0], b: [1, 2], c: [2], d: [3] },
    },
  ],
  ['prob-f32', { scores: 'probability', threshold: 0.7 }],
  ['logit-f32-gz', { scores: 'logit' }],
  ['labels', { scores: 'label', classes: { some: [1, 3] }, unknownLabels: 'background' }],
])('the rule counts what the results count: %s, %j', async (id, config) => {
  const { manifest, prediction, reference } = entry(id);
  const { settings } = await resolveSettings(configSchema.parse(config), [manifest]);
  const report = await score([manifest], { ...config, losses: 'dice', keepShards: 'never' }, folder('out'));
  const { classes } = scored(report.results.cases[0]);
  const channels = readChannels(prediction);
  const [labels] = readChannels(reference);
  for (const runClass of settings.classes) {
    const isOfClass = (label: number) =>
      runClass.labels === 'positive' ? label > 0 : runClass.labels.includes(label);
    const truth = labels!.map((label) => (label === config.ignoreLabel ? null : isOfClass(label)));
    const { tp, fp } = classes[runClass.name]!.metrics;
    expect(counts(hardDecision(settings, runClass), channels, truth)).toEqual({ tp, fp });
  }
});
