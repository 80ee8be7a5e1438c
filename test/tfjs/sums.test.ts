import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { useBackend } from '../../src/tfjs/backend.ts';
import { type FlatVoxels, flatLovasz, flatSums, termRoundings } from '../../src/tfjs/flat.ts';
import * as losses from '../../src/tfjs/index.ts';
import { blockSum, blockSumBound, exactSum, exactSumBound, unitRoundoff } from '../../src/tfjs/sums.ts';
import { log1p } from '../../src/tfjs/terms.ts';
import { backends } from './backends.ts';
import * as reference from './reference.ts';

describe.each(backends)('sums on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  test('block sums stay within their bound at every length', async () => {
    for (const n of [1, 63, 64, 65, 4095, 4096, 4097, 70_001]) {
      const values = Float32Array.from({ length: n }, (_, i) => ((i * 7919) % 1009) / 1009);
      const exact = values.reduce((total, value) => total + value, 0);
      const got = tf.tidy(() => blockSum(tf.tensor2d(values, [1, n])).dataSync()[0]) ?? Number.NaN;
      expect(Math.abs(got - exact)).toBeLessThanOrEqual(blockSumBound(n) * exact + 1e-12);
    }
  });

  test('exact sums stay within their bound, whatever the range of the terms', async () => {
    const term = fc.tuple(fc.float({ min: 0, max: 1, noNaN: true }), fc.integer({ min: -30, max: 6 }));
    await fc.assert(
      fc.asyncProperty(fc.array(term, { minLength: 1, maxLength: 300 }), async (pairs) => {
        const values = Float32Array.from(pairs, ([mantissa, exponent]) => mantissa * 2 ** exponent);
        const exact = values.reduce((total, value) => total + value, 0);
        const tensor = tf.tensor1d(values);
        const got = await exactSum(tensor);
        tensor.dispose();
        expect(Math.abs(got - exact)).toBeLessThanOrEqual(exactSumBound(values.length, Math.max(...values)));
      }),
      { numRuns: 50 },
    );
  });
});

describe.each(backends)('more than 2^24 elements on %s', (backend) => {
  const n = 2 ** 24 + 4097;
  let ones: tf.Tensor5D;
  beforeAll(async () => {
    await useBackend(backend);
    ones = tf.ones([1, 1, 1, n, 1]);
  });
  afterAll(() => ones.dispose());

  test('one accumulator of the wasm backend sticks, block sums do not', async () => {
    const plain = tf.tidy(() => tf.sum(ones).dataSync()[0]) ?? Number.NaN;
    if (backend === 'wasm') expect(plain).toBe(2 ** 24);
    const sum = tf.tidy(() => blockSum(tf.reshape(ones, [1, n])).dataSync()[0]) ?? Number.NaN;
    expect(Math.abs(sum - n)).toBeLessThanOrEqual(1);
    const flat = tf.reshape(ones, [1, n]);
    expect(await exactSum(flat)).toBe(n);
    flat.dispose();
  });

  test('Dice is right in value and gradient', () => {
    tf.tidy(() => {
      // p = 1/2 everywhere, all foreground: 1 - (n + 1) / (1.5 n + 1) = 1/3 - 2/(9n); slope -(2·1.5n - n)/(1.5 n)^2 = -8/(9n).
      const half = tf.mul(ones, 0.5);
      const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => losses.diceLoss()(ones, x))(half);
      expect(value.dataSync()[0]).toBeCloseTo(1 / 3, 6);
      const slope = tf.slice(grad, [0, 0, 0, n - 1, 0], [1, 1, 1, 1, 1]).dataSync()[0] ?? Number.NaN;
      expect(slope * n).toBeCloseTo(-8 / 9, 5);
    });
  });
});

/** Scores of a wide range against a rough reference. */
function flatVoxels(from: FlatVoxels['from'], n: number): FlatVoxels {
  let state = 99;
  const random = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
  const truth = Uint8Array.from({ length: n }, () => Number(random() < 0.1));
  const scores = Float32Array.from(truth, (t) => {
    const x = 12 * (random() - 0.7 + 0.4 * t) * (random() < 0.01 ? 8 : 1);
    return from === 'logit' ? x : 1 / (1 + Math.exp(-x));
  });
  return { scores, truth, from };
}

function asRow({ scores, truth, from }: FlatVoxels): reference.Voxel[] {
  return Array.from(scores, (score, i) => ({
    p: from === 'logit' ? 1 / (1 + Math.exp(-score)) : score,
    q: from === 'logit' ? 1 / (1 + Math.exp(score)) : 1 - score,
    x: score,
    t: truth[i]!,
  }));
}

/** The term of the tally's definition, in float64. */
function exactTerm(v: reference.Voxel, from: FlatVoxels['from'], gamma: number, clip: number): number {
  const z = v.t === 1 ? -v.x : v.x;
  const raw =
    from === 'logit'
      ? Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)))
      : v.t === 1
        ? -Math.log(v.p)
        : -Math.log1p(-v.p);
  const b = clip === 0 ? Math.min(raw, 100) : Math.min(Math.max(raw, -Math.log1p(-clip)), -Math.log(clip));
  return (-Math.expm1(-b)) ** gamma * b;
}

describe.each(backends)('flat sums on %s', (backend) => {
  beforeAll(() => useBackend(backend));
  const terms = [
    { gamma: 0, clip: 0 },
    { gamma: 2, clip: 0 },
    { gamma: 0, clip: 1e-7 },
    { gamma: 2, clip: 1e-7 },
    { gamma: 0, clip: 1e-9 },
  ];

  test.each(['probability', 'logit'] as const)(
    'agree with float64 within their bound, from %s',
    async (from) => {
      const voxels = flatVoxels(from, 60_000);
      const row = asRow(voxels);
      const got = await flatSums(voxels, terms);
      const check = (name: string, { value, bound }: { value: number; bound: number }, exact: number) => {
        expect(Math.abs(value - exact), `${name}: ${value} for ${exact}`).toBeLessThanOrEqual(bound);
        expect(bound, name).toBeLessThan(6e-6 * exact + 1e-6);
      };
      check('tp', got.tp, reference.sum(row.map((v) => v.p * v.t)));
      check('fp', got.fp, reference.sum(row.map((v) => v.p * (1 - v.t))));
      check('fn', got.fn, reference.sum(row.map((v) => v.q * v.t)));
      for (const [i, { gamma, clip }] of terms.entries()) {
        const sideSum = (t: number) =>
          reference.sum(row.map((v) => (v.t === t ? exactTerm(v, from, gamma, clip) : 0)));
        check(`gamma ${gamma}, clip ${clip}, foreground`, got.terms[i]!.foreground, sideSum(1));
        check(`gamma ${gamma}, clip ${clip}, background`, got.terms[i]!.background, sideSum(0));
      }
      check('lovasz-softmax', await flatLovasz(voxels, 'softmax'), reference.softmax(row));
      if (from === 'logit') check('lovasz-hinge', await flatLovasz(voxels, 'hinge'), reference.hinge(row));
    },
  );

  test('a fault of one voxel in its last bits is beyond the bound of TP and FP', async () => {
    const voxels = flatVoxels('probability', 60_000);
    const faulty = voxels.scores.slice();
    faulty[777] = Math.fround(voxels.scores[777]! + 2 ** -20);
    const [right, wrong] = [await flatSums(voxels, []), await flatSums({ ...voxels, scores: faulty }, [])];
    const side = voxels.truth[777] === 1 ? 'tp' : 'fp';
    expect(Math.abs(right[side].value - wrong[side].value)).toBeGreaterThan(
      right[side].bound + wrong[side].bound,
    );
  });

  test('no voxels of a side, and no voxels lost', async () => {
    const sums = await flatSums(
      { scores: Float32Array.of(0, 0.5, 1), truth: Uint8Array.of(0, 0, 0), from: 'probability' },
      terms,
    );
    expect([sums.voxels, sums.foreground, sums.tp.value, sums.fp.value, sums.fn.value]).toEqual([
      3, 0, 0, 1.5, 0,
    ]);
    expect(sums.terms[0]!.background.value).toBeCloseTo(100 + Math.log(2), 4);
    const before = tf.memory().numTensors;
    await flatLovasz(flatVoxels('logit', 100), 'hinge');
    await flatSums(flatVoxels('logit', 100), terms);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('elementwise functions are as accurate as the bound assumes', () => {
    const arguments_ = Float32Array.from({ length: 40_000 }, (_, i) => (i - 20_000) / 240);
    const unit = Float32Array.from({ length: 40_000 }, (_, i) => 2 ** (-i / 400));
    const functions: [string, (x: tf.Tensor) => tf.Tensor, (x: number) => number, Float32Array][] = [
      ['sigmoid', tf.sigmoid, (x) => 1 / (1 + Math.exp(-x)), arguments_],
      ['exp', (x) => tf.exp(tf.neg(tf.abs(x))), (x) => Math.exp(-Math.abs(x)), arguments_],
      ['expm1', (x) => tf.expm1(tf.neg(tf.abs(x))), (x) => Math.expm1(-Math.abs(x)), arguments_],
      ['log', tf.log, Math.log, unit],
      ['log1p', (x) => log1p(x as tf.Tensor2D), Math.log1p, unit],
      [
        'log1p of the negative',
        (x) => log1p(tf.neg(x) as tf.Tensor2D),
        (x) => Math.log1p(-x),
        unit.subarray(1),
      ],
      ['square', (x) => tf.pow(x, 2), (x) => x ** 2, unit.subarray(0, 20_000)],
    ];
    expect(termRoundings('probability', 0)).toBe(11);
    for (const [name, op, exact, inputs] of functions) {
      const got = tf.tidy(() => Array.from(op(tf.tensor1d(inputs)).dataSync()));
      let worst = 0;
      for (const [i, x] of inputs.entries()) {
        const value = exact(x);
        if (Math.abs(value) >= 2 ** -126)
          worst = Math.max(worst, Math.abs(got[i]! - value) / Math.abs(value));
      }
      expect(worst / unitRoundoff, name).toBeLessThanOrEqual(name.startsWith('log1p') ? 11 : 8);
    }
  });
});
