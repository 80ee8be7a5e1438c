import { beforeEach, expect, test } from 'vitest';
import type { TermSpec } from '../../src/base/class-sums.ts';
import { readWideSum, wideSumBytes } from '../../src/kernels/wide-sums.ts';
import { cellBytes } from '../../src/measures/sorted-errors/merger.ts';
import { termRow } from '../../src/measures/terms/term-row.ts';
import { randomNumbers } from '../run/volumes.ts';
import { logitInputs, probabilityInputs, type Voxels } from './inputs.ts';
import { Bench } from './memory.ts';
import { countEach, encodeRuns, splitBySide } from './twins/keys.ts';
import { exactUnits, exp, log } from './twins/math.ts';
import { type Sums, sumTerms } from './twins/sums.ts';

const bench = new Bench();
beforeEach(() => bench.layout.reset());

const specs: TermSpec[] = [0, 1, 2, 0.5, 3].flatMap((gamma) =>
  [0, 1e-7, 1e-9].map((clip) => ({ gamma, clip })),
);
const rows = specs.map((spec) => termRow(spec, bench.kernels));
const outBytes = 32 + 2 * wideSumBytes * (1 + rows.length);

function kernelSums({ scores, mask }: Voxels, logit: boolean, threshold: number): Sums {
  const out = bench.empty(outBytes);
  const terms = bench.put(Float64Array.from(rows.flat()));
  bench.kernels.sumTerms(
    bench.put(scores),
    bench.put(mask),
    scores.length,
    Number(logit),
    threshold,
    terms,
    rows.length,
    out,
  );
  return readSums(out);
}

function readSums(out: number): Sums {
  const values = bench.integers(out, 3);
  const sum = (at: number) => readWideSum(bench.kernels.memory.buffer, out + 32 + wideSumBytes * at);
  return {
    counts: [Number(values[0]), Number(values[1]), Number(values[2])],
    sums: Array.from({ length: 1 + rows.length }, (_, i) => [sum(2 * i), sum(2 * i + 1)]),
  };
}

test.each(Object.entries(probabilityInputs))('sums of probabilities: %s', (_name, voxels) => {
  for (const threshold of [0.5, 0]) {
    expect(kernelSums(voxels, false, threshold)).toEqual(
      sumTerms(voxels.scores, voxels.mask, false, threshold, rows),
    );
  }
});

test.each(Object.entries(logitInputs))('sums of logits: %s', (_name, voxels) => {
  expect(kernelSums(voxels, true, 0)).toEqual(sumTerms(voxels.scores, voxels.mask, true, 0, rows));
});

/** The sums from counts by key: what a question to a finished run reads. */
function runSums({ scores, mask }: Voxels, logit: boolean): Sums {
  const { kernels } = bench;
  const out = bench.empty(outBytes);
  const terms = bench.put(Float64Array.from(rows.flat()));
  const [cells, list] = [bench.empty(cellBytes), bench.empty(12 * 65536)];
  kernels.clearKeys();
  const sides = splitBySide(scores, mask, logit);
  for (const bucket of new Set([...sides[0].keys(), ...sides[1].keys()])) {
    for (const side of [0, 1] as const) {
      const runs = encodeRuns(countEach(sides[side].get(bucket) ?? []));
      const piece = Uint32Array.of(bench.put(Uint8Array.from(runs)), runs.length, side, 1);
      kernels.addPieceKeys(bench.put(piece), 1, cells, 0);
    }
    const threshold = logit ? 0 : 0.5;
    const listed = kernels.gatherKeys(cells, list);
    kernels.sumRunTerms(list, listed, cells, bucket, Number(logit), threshold, terms, rows.length, out);
    kernels.endBucket(cells);
  }
  return readSums(out);
}

test.each([
  ...Object.entries(probabilityInputs).map(([name, voxels]) => [name, voxels, false] as const),
  ...Object.entries(logitInputs).map(([name, voxels]) => [name, voxels, true] as const),
])('sums from keys are those of the voxels: %s', (_name, voxels, logit) => {
  expect(runSums(voxels, logit)).toEqual(sumTerms(voxels.scores, voxels.mask, logit, logit ? 0 : 0.5, rows));
});

/** Distance in units of the last place of the exact value's neighbour. */
function ulps(value: number, exact: number): number {
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(exact))) - 52);
  return Math.abs(value - exact) / unit;
}

test('log and exp are within 2 ulp of the library, and log is the twin bit for bit', () => {
  const random = randomNumbers(3);
  let [worstLog, worstExp] = [0, 0];
  for (let i = 0; i < 20_000; i++) {
    const q = i % 2 ? random() : 1 - random() * 2 ** -(i % 40);
    if (q > 0 && q < 1) {
      expect(bench.kernels.naturalLog(q)).toBe(log(q));
      worstLog = Math.max(worstLog, ulps(log(q), Math.log(q)));
    }
    const x = -700 * random() ** (1 + (i % 5));
    worstExp = Math.max(worstExp, ulps(exp(x), Math.exp(x)));
  }
  expect(worstLog).toBeLessThan(2);
  expect(worstExp).toBeLessThan(2);
  expect(bench.kernels.naturalLog(1)).toBe(0);
  expect(bench.kernels.naturalLog(2 ** -149)).toBeCloseTo(-103.27892990343184, 12);
  expect(exp(0)).toBe(1);
});

test('a sum does not depend on the order or the cut of its voxels', () => {
  const { scores, mask } = probabilityInputs.random!;
  const whole = kernelSums({ scores, mask }, false, 0.5);
  const order = [...scores.keys()].sort((a, b) => ((a * 7919) % 3001) - ((b * 7919) % 3001));
  const shuffled = {
    scores: Float32Array.from(order, (i) => scores[i]!),
    mask: Uint8Array.from(order, (i) => mask[i]!),
  };
  expect(kernelSums(shuffled, false, 0.5)).toEqual(whole);
  const parts = [0, 1, 5, 1029].map((start, i, starts) => {
    const end = starts[i + 1] ?? scores.length;
    return kernelSums({ scores: scores.slice(start, end), mask: mask.slice(start, end) }, false, 0.5);
  });
  whole.sums.forEach((sums, i) => {
    for (const side of [0, 1] as const) {
      expect(parts.reduce((sum, part) => sum + part.sums[i]![side], 0n)).toBe(sums[side]);
    }
  });
});

test('twenty million voxels add up where float32 stands still', () => {
  // 2^24 + 1 is no float32: a sum of ones in float32 ends at 16,777,216.
  const count = 20_000_001;
  const scores = bench.layout.region(4 * count);
  const mask = bench.layout.region(count);
  bench.floats(scores, count).fill(Math.fround(0.9));
  bench.bytes(mask, count).fill(1);
  const out = bench.empty(outBytes);
  bench.kernels.sumTerms(scores, mask, count, 0, 0.5, 0, 0, out);
  const values = bench.integers(out, 2);
  const error = readWideSum(bench.kernels.memory.buffer, out + 32);
  expect(error).toBe(BigInt(count) * exactUnits(1 - Math.fround(0.9)));
  expect([values[0], values[1]]).toEqual([BigInt(count), BigInt(count)]);
});
