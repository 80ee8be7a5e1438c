import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { useBackend } from '../../src/tfjs/backend.ts';
import * as losses from '../../src/tfjs/index.ts';
import { backends } from './backends.ts';
import * as reference from './reference.ts';

type Layout = Pick<reference.Batch, 'exclusive' | 'from' | 'perImage'> &
  Partial<Pick<reference.Batch, 'ignore' | 'classes'>>;

const layouts: readonly (readonly [string, Layout])[] = [
  ['probabilities of independent channels', { exclusive: false, from: 'probability', perImage: false }],
  [
    'probabilities per image with ignored voxels',
    { exclusive: false, from: 'probability', perImage: true, ignore: 255 },
  ],
  [
    'logits of chosen independent channels',
    { exclusive: false, from: 'logit', perImage: false, classes: [2, 0] },
  ],
  ['logits of exclusive channels per image', { exclusive: true, from: 'logit', perImage: true, ignore: 255 }],
  [
    'logits of chosen exclusive channels',
    { exclusive: true, from: 'logit', perImage: false, classes: [1, 2] },
  ],
];

type Make = (options: losses.LossOptions) => losses.LossFunction;

const pairs: readonly (readonly [string, Make, reference.RowLoss])[] = [
  ['dice', (o) => losses.diceLoss(o), reference.dice(1)],
  ['dice keras', (o) => losses.diceLoss({ ...o, convention: 'keras' }), reference.dice(1e-6)],
  ['jaccard', (o) => losses.jaccardLoss(o), reference.jaccard(1)],
  ['bce', (o) => losses.bceLoss(o), reference.bce(0)],
  ['bce keras', (o) => losses.bceLoss({ ...o, convention: 'keras' }), reference.bce(1e-7)],
  ['bce-dice', (o) => losses.bceDiceLoss(o), (row) => reference.bce(0)(row) + reference.dice(1)(row)],
  ['focal mean-bce', (o) => losses.focalLoss(o), reference.focalMean(0.8, 2, 0)],
  [
    'focal voxel',
    (o) => losses.focalLoss({ ...o, form: 'voxel', gamma: 0.5 }),
    reference.focalVoxel(0.8, 0.8, 0.5, 0),
  ],
  [
    'focal lin',
    (o) => losses.focalLoss({ ...o, form: 'lin', alpha: 0.25 }),
    reference.focalVoxel(0.25, 0.75, 2, 0),
  ],
  ['tversky', (o) => losses.tverskyLoss({ ...o, alpha: 0.3, beta: 0.7 }), reference.tversky(0.3, 0.7, 1)],
  [
    'focal tversky',
    (o) => losses.focalTverskyLoss({ ...o, gamma: 0.75 }),
    (row) => reference.tversky(0.5, 0.5, 1)(row) ** 0.75,
  ],
  ['combo code', (o) => losses.comboLoss(o), reference.combo(0.5, 0.25, 0.5)],
  [
    'combo paper',
    (o) => losses.comboLoss({ ...o, form: 'paper', alpha: 0.7, ratio: 0.4 }),
    reference.combo(0.7, 0.3, 0.4),
  ],
  [
    'combo article',
    (o) => losses.comboLoss({ ...o, form: 'article' }),
    (row) => -reference.combo(0.5, 0.25, 0.5)(row),
  ],
  ['lovasz-softmax', (o) => losses.lovaszSoftmax({ ...o, classes: o.classes ?? 'all' }), reference.softmax],
  ['lovasz-hinge', ({ from: _, channels: __, ...o }) => losses.lovaszHinge(o), reference.hinge],
];

/** A batch of 2 images of 3 x 4 voxels and 3 channels; scores lie apart, so that no difference step changes an order. */
function makeBatch(layout: Layout): reference.Batch {
  const [images, voxels, channels] = [2, 12, 3];
  let state = 12345;
  const random = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
  const size = images * voxels * channels;
  const spread = Array.from({ length: size }, (_, i) => (i + 0.3) / size).sort(() => random() - 0.5);
  const scores = Float64Array.from(spread, (u) =>
    Math.fround(layout.from === 'logit' ? 6 * u - 3.1 + 0.01 * random() : 0.02 + 0.96 * u),
  );
  const truth = Array.from({ length: layout.exclusive ? images * voxels : size }, () => {
    if (layout.ignore !== undefined && random() < 0.15) return layout.ignore;
    return layout.exclusive ? Math.floor(random() * channels) : Number(random() < 0.4);
  });
  return { images, voxels, channels, scores, truth, ...layout };
}

function optionsOf(layout: Layout): losses.LossOptions {
  return {
    from: layout.from,
    channels: layout.exclusive ? 'exclusive' : 'independent',
    perImage: layout.perImage,
    ...(layout.ignore === undefined ? {} : { ignoreLabel: layout.ignore }),
    ...(layout.classes === undefined ? {} : { classes: layout.classes }),
  };
}

function tensorsOf(batch: reference.Batch): { yTrue: tf.Tensor; yPred: tf.Tensor } {
  const space = [batch.images, 3, 4];
  return {
    yTrue: tf.tensor(batch.truth as number[], [...space, batch.exclusive ? 1 : batch.channels]),
    yPred: tf.tensor(Float32Array.from(batch.scores), [...space, batch.channels]),
  };
}

/** Central differences of a float64 function: their error is some 1e-9 here, far below float32's. */
function differences(batch: reference.Batch, value: (batch: reference.Batch) => number): number[] {
  const step = 1e-5;
  return Array.from(batch.scores, (score, i) => {
    const moved = (by: number) => {
      const scores = batch.scores.slice();
      scores[i] = score + by;
      return value({ ...batch, scores });
    };
    return (moved(step) - moved(-step)) / (2 * step);
  });
}

describe.each(backends)('gradients on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  for (const [layoutName, layout] of layouts) {
    const applies = pairs.filter(
      ([name]) => name !== 'lovasz-hinge' || (layout.from === 'logit' && !layout.exclusive),
    );
    test.each(applies)(`%s, ${layoutName}`, (_, make, rowLoss) => {
      const batch = makeBatch(layout);
      const loss = make(optionsOf(layout));
      tf.tidy(() => {
        const { yTrue, yPred } = tensorsOf(batch);
        const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => loss(yTrue, x))(yPred);
        const expected = reference.batchLoss(batch, rowLoss);
        expect(Math.abs((value.dataSync()[0] ?? Number.NaN) - expected)).toBeLessThan(
          2e-6 * Math.max(1, Math.abs(expected)),
        );
        const slopes = differences(batch, (moved) => reference.batchLoss(moved, rowLoss));
        const largest = Math.max(...slopes.map(Math.abs));
        expect(largest).toBeGreaterThan(0);
        // Some 50 float32 roundings of the largest slope.
        const got = Array.from(grad.dataSync());
        for (const [i, slope] of slopes.entries())
          expect(Math.abs((got[i] ?? Number.NaN) - slope)).toBeLessThan(4e-6 * largest + 1e-8);
      });
    });
  }

  test.each(['probability', 'logit'] as const)('cross-entropy from %s', (from) => {
    const batch = makeBatch({ exclusive: true, from, perImage: false, ignore: 255 });
    // Mean over voxels of -log of the label's probability, by hand.
    const value = (b: reference.Batch) => {
      const terms = b.truth.flatMap((label, v) => {
        if (label === 255) return [];
        const all = [...b.scores.subarray(v * b.channels, (v + 1) * b.channels)];
        const own = all[label]!;
        return [from === 'logit' ? Math.log(reference.sum(all.map(Math.exp))) - own : -Math.log(own)];
      });
      return reference.mean(terms);
    };
    tf.tidy(() => {
      const { yTrue, yPred } = tensorsOf(batch);
      const loss = losses.crossEntropyLoss({ from });
      const { value: got, grad } = tf.valueAndGrad((x: tf.Tensor) => loss(yTrue, x))(yPred);
      expect(got.dataSync()[0]).toBeCloseTo(value(batch), 5);
      const slopes = differences(batch, value);
      for (const [i, slope] of slopes.entries()) expect(grad.dataSync()[i]).toBeCloseTo(slope, 5);
    });
  });

  test('one-hot targets equal maps of labels', () => {
    const batch = makeBatch({ exclusive: true, from: 'logit', perImage: false });
    tf.tidy(() => {
      const { yTrue, yPred } = tensorsOf(batch);
      const oneHot = tf.cast(tf.oneHot(tf.cast(tf.squeeze(yTrue, [3]), 'int32'), 3), 'float32');
      for (const loss of [
        losses.diceLoss({ from: 'logit', channels: 'exclusive' }),
        losses.lovaszSoftmax({ from: 'logit', channels: 'exclusive' }),
        losses.crossEntropyLoss({ from: 'logit' }),
      ]) {
        expect(loss(oneHot, yPred).dataSync()[0]).toBe(loss(yTrue, yPred).dataSync()[0]);
      }
    });
  });
});

describe.each(backends)('Lovász gradients by hand on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  test('hinge: the increments of J at each place, none where the error is negative', () => {
    // Two foreground voxels, two background ones. Errors: 1 - 0.5 = 0.5, 1 + 1 = 2, 1 + 0.25 = 1.25, 1 - 3 = -2.
    // Descending: B(f, 2), C(b, 1.25), A(f, 0.5), D(b, -2). J: 1 - 1/2 = 1/2, 1 - 1/3 = 2/3, 1 - 0 = 1, 1.
    // Value: 2 · 1/2 + 1.25 · 1/6 + 0.5 · 1/3 = 1.375. Gradient: -(2t - 1)·ΔJ.
    const yTrue = tf.tensor4d([1, 1, 0, 0], [1, 2, 2, 1]);
    const yPred = tf.tensor4d([0.5, -1, 0.25, -3], [1, 2, 2, 1]);
    const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => losses.lovaszHinge()(yTrue, x))(yPred);
    expect(value.dataSync()[0]).toBeCloseTo(1.375, 6);
    const expected = [-1 / 3, -1 / 2, 1 / 6, 0];
    for (const [i, slope] of expected.entries()) expect(grad.dataSync()[i]).toBeCloseTo(slope, 6);
  });

  test('softmax: the sign of the error times the increment', () => {
    // Errors: f 1 - 0.75 = 0.25, b 0.5, f 1 - 0.125 = 0.875. Descending: f, b, f. J: 1/2, 2/3, 1.
    const yTrue = tf.tensor4d([1, 0, 1], [1, 3, 1, 1]);
    const yPred = tf.tensor4d([0.75, 0.5, 0.125], [1, 3, 1, 1]);
    const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => losses.lovaszSoftmax()(yTrue, x))(yPred);
    expect(value.dataSync()[0]).toBeCloseTo(0.875 / 2 + 0.5 / 6 + 0.25 / 3, 6);
    for (const [i, slope] of [-1 / 3, 1 / 6, -1 / 2].entries())
      expect(grad.dataSync()[i]).toBeCloseTo(slope, 6);
  });

  test('no foreground: the largest error alone', () => {
    const yTrue = tf.zeros([1, 3, 1, 1]);
    const yPred = tf.tensor4d([-2, 0.5, 0.25], [1, 3, 1, 1]);
    const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => losses.lovaszHinge()(yTrue, x))(yPred);
    expect(value.dataSync()[0]).toBeCloseTo(1.5, 6);
    expect(Array.from(grad.dataSync())).toEqual([0, 1, 0]);
  });

  test('one batch of two images per image, one of them without the class: present leaves it out', () => {
    const yTrue = tf.tensor4d([1, 0, 0, 0], [2, 2, 1, 1]);
    const yPred = tf.tensor4d([0.5, 0.25, 0.75, 0.5], [2, 2, 1, 1]);
    const value = losses.lovaszSoftmax({ perImage: true })(yTrue, yPred).dataSync()[0];
    // Image 1: f 0.5, b 0.25: 0.5 · 1 + 0.25 · 0. Image 2 has no foreground.
    expect(value).toBeCloseTo(0.5, 6);
  });
});
