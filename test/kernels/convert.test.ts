import { beforeEach, describe, expect, test } from 'vitest';
import { randomNumbers } from '../run/volumes.ts';
import { Bench } from './memory.ts';

const bench = new Bench();
beforeEach(() => bench.layout.reset());

type Stored = readonly [
  name: string,
  make: (values: number[]) => ArrayBufferView & ArrayLike<number | bigint>,
  min: number,
  max: number,
];
const big = (values: number[]) => values.map((value) => BigInt(Math.round(value)));
/** In the order of the kernels' codes. */
const types: Stored[] = [
  ['uint8', (v) => Uint8Array.from(v), 0, 255],
  ['int8', (v) => Int8Array.from(v), -128, 127],
  ['uint16', (v) => Uint16Array.from(v), 0, 65535],
  ['int16', (v) => Int16Array.from(v), -32768, 32767],
  ['uint32', (v) => Uint32Array.from(v), 0, 2 ** 32 - 1],
  ['int32', (v) => Int32Array.from(v), -(2 ** 31), 2 ** 31 - 1],
  ['uint64', (v) => BigUint64Array.from(big(v)), 0, 2 ** 62],
  ['int64', (v) => BigInt64Array.from(big(v)), -(2 ** 62), 2 ** 62],
  ['float32', (v) => Float32Array.from(v), -1e30, 1e30],
  ['float64', (v) => Float64Array.from(v), -1e300, 1e300],
];
const scalings: [slope: number, intercept: number][] = [
  [1, 0],
  [1 / 255, 0],
  [0.00390625, -0.125],
  [-3, 1e9],
];

describe.each(types.map((type, code) => [type[0], type, code] as const))('%s', (_name, type, code) => {
  const [, make, min, max] = type;
  const random = randomNumbers(code + 1);
  const count = 1001;
  const values = Array.from({ length: count }, (_, i) =>
    Math.round(
      [min, max, 0, 1, 2][i] ?? (i % 2 ? min + random() * (max - min) : random() * Math.min(max, 300)),
    ),
  );
  const stored = make(values);

  test.each(scalings)('scores, slope %d and intercept %d', (slope, intercept) => {
    const target = bench.empty(4 * count);
    bench.kernels.convertScores(code, bench.put(stored), count, slope, intercept, target);
    const expected = Array.from(stored, (value) => Math.fround(Number(value) * slope + intercept) + 0);
    expect([...bench.floats(target, count)].map((value) => value + 0)).toEqual(expected);
  });

  test.each(scalings)('labels, slope %d and intercept %d', (slope, intercept) => {
    const target = bench.empty(2 * count + 32);
    const out = bench.empty(24);
    const ignore = Number(stored[1]) * slope + intercept;
    bench.kernels.convertLabels(code, bench.put(stored), count, slope, intercept, 0, 1, ignore, target, out);
    const faults: number[] = [];
    const expected = Array.from(stored, (value, i) => {
      const label = Number(value) * slope + intercept;
      if (Number.isInteger(label) && label >= 0 && label <= 65534) return label;
      if (label === ignore) return 65535;
      faults.push(i);
      return 0;
    });
    expect([...bench.shorts(target, count)]).toEqual(expected);
    const [found, first, value] = bench.doubles(out, 3);
    expect(found).toBe(faults.length);
    if (faults.length > 0) {
      expect(first).toBe(faults[0]);
      expect(value).toBe(Number(stored[faults[0]!]) * slope + intercept);
    }
  });
});

test('masked voxels are counted, from any place on and no further than told', () => {
  const mask = Uint8Array.from({ length: 200 }, (_, i) => ((i * 7) % 5) | (i % 3 === 0 ? 4 : 0));
  const at = bench.put(mask);
  for (const bit of [1, 2, 4]) {
    for (const from of [0, 1, 16, 37]) {
      for (const count of [0, 1, 15, 16, 17, 100, 163]) {
        const expected = mask.slice(from, from + count).filter((value) => value & bit).length;
        expect(bench.kernels.countMasked(at + from, count, bit)).toBe(expected);
      }
    }
  }
});

test.each([2, 4, 8])('bytes of %i-byte elements are reversed', (elementBytes) => {
  const bytes = Uint8Array.from({ length: 10 * elementBytes }, (_, i) => i);
  const at = bench.put(bytes);
  bench.kernels.swapBytes(at, 10, elementBytes);
  const expected = Array.from({ length: 10 }, (_, i) =>
    [...bytes.slice(i * elementBytes, (i + 1) * elementBytes)].reverse(),
  ).flat();
  expect([...bench.bytes(at, bytes.length)]).toEqual(expected);
});

describe('gate', () => {
  const scores = [0.5, -0, 1, Number.NaN, 1.5, -1e-7, 1 + 2 ** -23, -2, Number.POSITIVE_INFINITY, 7, 0.25];
  const codes = [0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0];

  function gate(logit: number, tolerance: number, clamp: number) {
    const at = bench.put(Float32Array.from(scores));
    const out = bench.empty(72);
    const codesAt = bench.put(Uint16Array.from(codes));
    bench.kernels.gateScores(at, codesAt, scores.length, logit, tolerance, clamp, 9, out);
    const records = bench.doubles(out, 9);
    return {
      scores: [...bench.floats(at, scores.length)],
      notFinite: [...records.slice(0, 3)],
      outOfRange: [...records.slice(3, 6)],
      moved: [...records.slice(6, 9)],
    };
  }

  test('probabilities within the tolerance are moved, others are faults, ignored ones are 0', () => {
    const found = gate(0, 1e-6, 0);
    expect(found.notFinite).toEqual([2, 3, Number.NaN]);
    expect(found.outOfRange).toEqual([2, 4, 1.5]);
    expect(found.moved).toEqual([2, 5, Math.fround(-1e-7)]);
    expect(found.scores.slice(5, 7)).toEqual([0, 1]);
    expect(found.scores[9]).toBe(0);
    expect(Object.is(found.scores[1], 0)).toBe(true);
  });

  test('clamped', () => {
    const found = gate(0, 0, 1);
    expect(found.outOfRange).toEqual([0, 0, 0]);
    expect(found.moved[0]).toBe(4);
    expect(found.scores.slice(4, 8)).toEqual([1, 0, 1, 0]);
  });

  test.each([1, 16, 47, 48, 100])('what must not pass is found among %i voxels, wherever it is', (count) => {
    const random = randomNumbers(count);
    const odd = [-0, Number.NaN, 1.5, -1e-7, 1 + 2 ** -23, -2, Number.NEGATIVE_INFINITY];
    for (let place = 0; place < count; place++) {
      const values = Float32Array.from({ length: count }, random);
      const value = odd[place % odd.length]!;
      values[place] = value;
      const at = bench.put(values);
      const out = bench.empty(80);
      bench.doubles(out, 10)[9] = Number.POSITIVE_INFINITY;
      bench.kernels.gateScores(at, bench.put(new Uint16Array(count)), count, 0, 1e-6, 0, -1, out);
      const records = [...bench.doubles(out, 10)];
      const kind = Object.is(value, -0) ? 3 : !Number.isFinite(value) ? 0 : Math.abs(value) < 1.1 ? 2 : 1;
      const found = [place, values[place]!];
      const record = (own: number) => (kind === own ? [1, ...found] : [0, 0, 0]);
      expect(records.slice(0, 9)).toEqual([...record(0), ...record(1), ...record(2)]);
      const numbers = values.map((number) => number + 0).filter((number) => !Number.isNaN(number));
      expect(records[9]).toBe(Math.min(...numbers));
      const expected = values.map((number) => (kind >= 2 ? Math.min(Math.max(number + 0, 0), 1) : number));
      expect(bench.floats(at, count)).toEqual(expected);
    }
  });

  test('logits may be any finite number', () => {
    const found = gate(1, 0, 0);
    expect(found.notFinite).toEqual([2, 3, Number.NaN]);
    expect(found.outOfRange[0]).toBe(0);
    expect(found.scores[9]).toBe(7);
  });
});
