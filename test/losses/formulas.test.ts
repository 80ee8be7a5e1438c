import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { power } from '../../src/losses/arithmetic.ts';
import { type ErrorGroup, lovaszFromGroups, lovaszOfLabels } from '../../src/losses/lovasz.ts';
import { parseLosses } from '../../src/losses/registry.ts';
import type { AllMeasures, LossContext, LossSpec } from '../../src/losses/spec.ts';
import { groupsOf, measuresOf, multiclassOf } from './oracle.ts';

const logits: LossContext = { convention: 'pytorch', scores: 'logit', channels: 'independent' };
const exclusive: LossContext = { convention: 'pytorch', scores: 'probability', channels: 'exclusive' };

function values(text: string, context: LossContext, all: AllMeasures): Record<string, number | null> {
  const valueIn = (spec: LossSpec) =>
    spec.scope === 'class' ? spec.value(Object.values(all.classes)[0]!) : spec.value(all);
  return Object.fromEntries(
    parseLosses(text, context).map((spec) => [`${spec.scope} ${spec.id}`, valueIn(spec)]),
  );
}

describe('degenerate inputs', () => {
  test('without voxels every value is undefined', () => {
    const none = multiclassOf([[], []], [], [0, 1]);
    const all = [
      ...Object.values(values('all', logits, { classes: { '1': measuresOf([], [], 'logit') } })),
      ...Object.values(values('all', exclusive, none)),
    ];
    expect(all.length).toBeGreaterThan(30);
    expect(new Set(all)).toEqual(new Set([null]));
  });

  test.each([
    [
      'both empty',
      [0, 0],
      [false, false],
      { dice: 0, jaccard: 0, tversky: 0, 'focal-tversky': 0, iou: 100, bce: 0 },
    ],
    ['empty reference', [1, 0], [false, false], { dice: 0.5, jaccard: 0.5, tversky: 1 / 3, iou: 0, bce: 50 }],
    ['empty prediction', [0, 0], [true, false], { dice: 0.5, jaccard: 0.5, tversky: 1 / 3, iou: 0, bce: 50 }],
    [
      'perfect',
      [1, 0],
      [true, false],
      { dice: 0, jaccard: 0, tversky: 0, 'focal-tversky': 0, iou: 100, bce: 0 },
    ],
    ['one voxel', [0.25], [true], { dice: 1 - 1.5 / 2.25, jaccard: 1 - 1.25 / 2, iou: 0, bce: Math.log(4) }],
  ])('%s', (_name, scores, truth, expected) => {
    const all = { classes: { '1': measuresOf(scores, truth, 'probability') } };
    const got = values(Object.keys(expected).join(','), exclusive, all);
    for (const [name, value] of Object.entries(expected)) expect(got[`class ${name}`]).toBeCloseTo(value, 13);
  });

  test('an absent class has a Lovász-softmax of its own, and the mean over present classes leaves it out', () => {
    const absent = measuresOf([0.25, 0.75], [false, false], 'probability');
    const present = measuresOf([0.25, 0.75], [true, true], 'probability');
    const both = { classes: { absent, present } };
    expect(values('lovasz-softmax', exclusive, { classes: { absent } })).toEqual({
      'class lovasz-softmax': 0.75,
      'multiclass lovasz-softmax': null,
    });
    const means = values(
      'lovasz-softmax,lovasz-softmax(classes=all),lovasz-softmax(classes=absent)',
      exclusive,
      both,
    );
    expect(means['multiclass lovasz-softmax']).toBe(present.lovaszSoftmax);
    expect(means['multiclass lovasz-softmax(classes=all)']).toBe((0.75 + present.lovaszSoftmax!) / 2);
    expect(means['multiclass lovasz-softmax(classes=absent)']).toBe(0.75);
    const spec = parseLosses('lovasz-softmax', exclusive).find((loss) => loss.scope === 'multiclass')!;
    expect(spec.meanOver!(both)).toEqual(['present']);
  });

  test('an infinite cross-entropy is undefined', () => {
    const multiclass = { voxels: 2, crossEntropySum: Number.POSITIVE_INFINITY, labels: [], confusion: [] };
    const all = { classes: {}, multiclass };
    expect(values('cross-entropy', exclusive, all)).toEqual({ 'multiclass cross-entropy': null });
  });

  test('a smoothing of 0 leaves 0/0 undefined', () => {
    const empty = { classes: { '1': measuresOf([0], [false], 'probability') } };
    expect(values('dice(smooth=0)', exclusive, empty)).toEqual({ 'class dice(smooth=0)': null });
  });

  test('a loss whose sums were not tallied is a fault, not a value', () => {
    const labels = measuresOf([1], [true], 'label');
    expect(() => values('bce', exclusive, { classes: { '1': labels } })).toThrow('was not tallied');
    expect(() => values('lovasz-softmax', exclusive, { classes: { '1': labels } })).toThrow('not computed');
  });
});

describe('relations between the losses', () => {
  const voxel = fc.tuple(fc.double({ noNaN: true, min: 0, max: 1 }), fc.boolean());
  const volume = fc.array(voxel, { minLength: 1, maxLength: 12 });

  test('Tversky at 1, 1 is Jaccard, and at a half with half the smoothing Dice', () => {
    fc.assert(
      fc.property(volume, (voxels) => {
        const measures = measuresOf(
          voxels.map(([p]) => p),
          voxels.map(([, t]) => t),
          'probability',
        );
        const text = 'dice,jaccard,tversky(alpha=1,beta=1),tversky(smooth=0.5),focal-tversky(gamma=1)';
        const got = Object.values(values(text, exclusive, { classes: { '1': measures } }));
        const [dice, jaccard, asJaccard, asDice] = got as number[];
        expect(asJaccard).toBeCloseTo(jaccard!, 14);
        expect(asDice).toBeCloseTo(dice!, 14);
        expect(got.every((value) => value! >= 0 && value! <= 1)).toBe(true);
      }),
    );
  });

  test('combo of the article is the negative of the code, and the paper weighs background more', () => {
    const all = { classes: { '1': measuresOf([0.9, 0.2, 0.6], [true, false, false], 'probability') } };
    const got = values('combo(ratio=1)', exclusive, all);
    expect(got['class combo:article(ratio=1)']).toBe(-got['class combo:code(ratio=1)']!);
    const foreground = -Math.log(0.9);
    const background = -Math.log(0.8) - Math.log(0.4);
    expect(got['class combo:code(ratio=1)']).toBeCloseTo((0.5 * (foreground + 0.5 * background)) / 3, 14);
    expect(got['class combo:paper(ratio=1)']).toBeCloseTo((0.5 * foreground + 0.5 * background) / 3, 14);
  });
});

describe('lovaszFromGroups', () => {
  test('is a worked example', () => {
    // Two foreground voxels; J after each group: 1/3, then (2 + 1) / 3.
    expect(
      lovaszFromGroups(
        [
          [0.75, 1, 0],
          [0.5, 0, 2],
          [-1, 5, 0],
        ],
        2,
      ),
    ).toBe(0.75 * (1 / 3) + 0.5 * (2 / 3));
    expect(lovaszFromGroups([], 3)).toBe(0);
    expect(lovaszFromGroups([[0.5, 4, 0]], 0)).toBe(0.5);
    const ascending = [0.1, 0.2].map((error): ErrorGroup => [error, 1, 0]);
    expect(() => lovaszFromGroups(ascending, 0)).toThrow(RangeError);
  });

  test('equals the sum voxel by voxel, in any order within ties', () => {
    const voxel = fc.tuple(fc.integer({ min: 0, max: 8 }), fc.boolean());
    fc.assert(
      fc.property(fc.array(voxel, { minLength: 1, maxLength: 30 }), (voxels) => {
        const errors = voxels.map(([eighths]) => eighths / 8);
        const truth = voxels.map(([, t]) => t);
        const foreground = truth.filter(Boolean).length;
        const single = errors.map((error, i) => [error, truth[i] ? 0 : 1, truth[i] ? 1 : 0] as const);
        const sorted = [...single].sort((a, b) => b[0] - a[0]);
        const grouped = lovaszFromGroups(groupsOf(errors, truth), foreground);
        expect(lovaszFromGroups(sorted, foreground)).toBeCloseTo(grouped, 13);
      }),
    );
  });

  test('on hard labels is the Jaccard distance', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 1, maxLength: 20 }),
        (pairs) => {
          const predicted = pairs.map(([p]) => Number(p));
          const truth = pairs.map(([, t]) => t);
          const { lovaszSoftmax } = measuresOf(predicted, truth, 'probability');
          expect(lovaszOfLabels(measuresOf(predicted, truth, 'label'))).toBe(lovaszSoftmax);
        },
      ),
    );
  });
});

describe('power', () => {
  test('uses multiplications and roots for quarters', () => {
    expect(power(0.3, 2)).toBe(0.3 * 0.3);
    expect(power(0.3, 0)).toBe(1);
    expect(power(0, 0.75)).toBe(0);
    expect(power(0.3, 1.5)).toBe(0.3 * Math.sqrt(0.3));
    expect(power(-1e-16, 0.75)).toBe(0);
    expect(power(-1e-16, 0.3)).toBe(0);
  });

  test('is Math.pow to rounding', () => {
    const base = fc.double({ noNaN: true, min: 1e-10, max: 1 });
    fc.assert(
      fc.property(base, fc.integer({ min: 0, max: 64 }), (value, quarters) => {
        expect(power(value, quarters / 4) / value ** (quarters / 4)).toBeCloseTo(1, 13);
      }),
    );
  });
});
