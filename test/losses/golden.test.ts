import { describe, expect, test } from 'vitest';
import { countsOfLabels } from '../../src/losses/metrics/confusion.ts';
import { parseLosses } from '../../src/losses/registry.ts';
import type { AllMeasures, Convention, LossContext, LossSpec } from '../../src/losses/spec.ts';
import { type GoldenCase, goldenCases, readChannels } from '../support/golden.ts';
import { measuresOf, multiclassOf } from './oracle.ts';

/** Golden key, convention and loss. */
const rows: [key: string, convention: Convention, loss: string][] = [
  ['bce', 'pytorch', 'bce'],
  ['dice_loss', 'pytorch', 'dice'],
  ['jaccard_loss', 'pytorch', 'jaccard'],
  ['bce_dice', 'pytorch', 'bce-dice'],
  ['tversky_loss', 'pytorch', 'tversky'],
  ['focal_tversky', 'pytorch', 'focal-tversky'],
  ['focal_mean_bce', 'pytorch', 'focal:mean-bce'],
  ['focal_voxel', 'pytorch', 'focal:voxel'],
  ['dice_loss_keras', 'keras', 'dice'],
  ['jaccard_loss_keras', 'keras', 'jaccard'],
  ['tversky_loss_keras', 'keras', 'tversky'],
  ['bce_keras', 'keras', 'bce'],
  ['focal_keras', 'keras', 'focal:voxel'],
  ['combo_printed', 'pytorch', 'combo:article'],
  ['combo_minimised', 'pytorch', 'combo:code'],
  ['combo_minimised', 'keras', 'combo:code'],
  ['focal_lin', 'pytorch', 'focal:lin'],
  ['lovasz_hinge', 'pytorch', 'lovasz-hinge'],
];

function expectClose(actual: number | null, expected: number, name: string): void {
  expect(actual, name).not.toBeNull();
  expect(Math.abs(actual! - expected), name).toBeLessThanOrEqual(1e-12 * Math.abs(expected));
}

function only(
  text: string,
  context: LossContext,
  scope: LossSpec['scope'],
): (all: AllMeasures) => number | null {
  const spec = parseLosses(text, context).find((loss) => loss.scope === scope)!;
  return (all) => (spec.scope === 'class' ? spec.value(Object.values(all.classes)[0]!) : spec.value(all));
}

function expectRows(
  golden: GoldenCase,
  name: string,
  all: AllMeasures,
  channels: LossContext['channels'],
): void {
  const expected = golden.classes[name]!;
  const one = { classes: { [name]: all.classes[name]! } };
  let checked = 0;
  for (const [key, convention, loss] of rows) {
    if (typeof expected[key] !== 'number') continue;
    const value = only(loss, { convention, scores: golden.scores, channels }, 'class')(one);
    expectClose(value, expected[key], `${golden.id} ${name} ${key}`);
    checked++;
  }
  expect(checked).toBeGreaterThanOrEqual(rows.length - 1);
  const softmax = only(
    'lovasz-softmax',
    { convention: 'pytorch', scores: golden.scores, channels },
    'multiclass',
  );
  if (expected.lovasz_softmax === null) expect(softmax(one)).toBeNull();
  else expectClose(softmax(one), expected.lovasz_softmax!, `${golden.id} ${name} lovasz_softmax`);
  expect(one.classes[name]!.hard).toEqual(expected.hard);
}

describe('golden values', () => {
  for (const golden of goldenCases.filter((entry) => entry.scores !== 'label' && !entry.confusion)) {
    test(golden.id, () => {
      const [scores] = readChannels(golden.prediction);
      const truth = readChannels(golden.reference)[0]!.map((label) => label === 1);
      const measures = measuresOf(scores!, truth, golden.scores);
      expectRows(golden, '1', { classes: { '1': measures } }, 'independent');
    });
  }

  test('softmax of four channels, ignored voxels left out', () => {
    const golden = goldenCases.find((entry) => entry.confusion)!;
    const reference = readChannels(golden.reference)[0]!;
    const kept = reference.flatMap((label, i) => (label === golden.ignore ? [] : [i]));
    const pick = (values: number[]) => kept.map((i) => values[i]!);
    const all = multiclassOf(readChannels(golden.prediction).map(pick), pick(reference), [0, 1, 2, 3]);
    for (const name of Object.keys(golden.classes)) expectRows(golden, name, all, 'exclusive');

    const context: LossContext = { convention: 'pytorch', scores: 'probability', channels: 'exclusive' };
    expectClose(only('cross-entropy', context, 'multiclass')(all), golden.cross_entropy!, 'cross-entropy');
    expectClose(
      only('lovasz-softmax', context, 'multiclass')(all),
      golden.lovasz_softmax_present!,
      'present',
    );
    const pairs = golden.confusion!.flatMap((row, i) => row.flatMap((n, j) => (n === 0 ? [] : [[i, j, n]])));
    expect(all.multiclass.confusion).toEqual(pairs);
    const winners = countsOfLabels(all.multiclass.confusion, [1]);
    expect(winners).toEqual({ tp: 6474, fp: 425 + 620 + 509, fn: 446 + 642 + 501, tn: 25558 - 6474 - 3143 });
  });

  test('label maps', () => {
    const golden = goldenCases.find((entry) => entry.scores === 'label')!;
    const prediction = readChannels(golden.prediction)[0]!;
    const reference = readChannels(golden.reference)[0]!;
    for (const [name, { hard }] of Object.entries(golden.classes)) {
      const indicator = prediction.map((label) => (label === Number(name) ? 1 : 0));
      const truth = reference.map((label) => label === Number(name));
      expect(measuresOf(indicator, truth, 'label').hard).toEqual(hard);
    }
  });
});
