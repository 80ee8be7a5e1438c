import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { bitmapBytes } from '../../src/kernels/kernels.ts';
import { cellBytes } from '../../src/measures/sorted-errors/merger.ts';
import {
  decodeBlocks,
  eachBucket,
  mostDirectoryBytes,
} from '../../src/measures/sorted-errors/shard/directory.ts';
import { formatVersion } from '../../src/measures/sorted-errors/shard/file.ts';
import { randomNumbers } from '../run/volumes.ts';
import { logitInputs, probabilityInputs, type Voxels } from './inputs.ts';
import { Bench } from './memory.ts';
import {
  type Buckets,
  countEach,
  encodeMerged,
  encodeRuns,
  errorKey,
  floatBits,
  ofFloatBits,
  scoreOfKey,
  splitBySide,
} from './twins/keys.ts';
import { exp } from './twins/math.ts';

const bench = new Bench();
beforeEach(() => bench.layout.reset());

const buckets = 65536;

describe('keys', () => {
  const probability = fc.oneof(
    fc.integer({ min: 0, max: 0x3f800000 }).map((bits) => new Float32Array(Uint32Array.of(bits).buffer)[0]!),
    fc.constantFrom(...probabilityInputs.extreme!.scores),
  );
  const logit = fc.float({ noNaN: true, noDefaultInfinity: true }).map((x) => Math.fround(x) + 0);

  test.each([
    ['probability', probability, false],
    ['logit', logit, true],
  ] as const)('a %s comes back from its key, and keys are ordered as errors', (_name, values, isLogit) => {
    const error = (score: number, foreground: boolean) =>
      isLogit ? (foreground ? -score : score) : foreground ? 1 - score : score;
    fc.assert(
      fc.property(values, values, fc.boolean(), fc.boolean(), (a, b, sideA, sideB) => {
        const [keyA, keyB] = [errorKey(a, sideA, isLogit), errorKey(b, sideB, isLogit)];
        expect(scoreOfKey(keyA, sideA, isLogit)).toBe(a);
        // Errors in float64 may round to the same; keys do not.
        const order = Math.sign(error(a, sideA) - error(b, sideB));
        if (order !== 0) expect(Math.sign(keyA - keyB)).toBe(order);
        if (keyA === keyB) expect(order + 0).toBe(0);
      }),
      { numRuns: 3000 },
    );
  });
});

function encodeTile({ scores, mask }: Voxels, logit: number) {
  const { kernels } = bench;
  const [at, maskAt] = [bench.put(scores), bench.put(mask)];
  const counts = bench.empty(8 * buckets);
  const offsets = bench.empty(8 * buckets);
  const keys = bench.empty(2 * scores.length);
  kernels.countBuckets(at, maskAt, scores.length, logit, counts);
  kernels.prefixSums(counts, offsets);
  const background = bench.words(offsets, 2 * buckets)[buckets]!;
  kernels.placeKeys(at, maskAt, scores.length, logit, offsets, keys);
  const [cells, bitmap] = [bench.empty(8 * buckets), bench.empty(bitmapBytes)];
  const [stored, scratch] = [bench.empty(4 * buckets), bench.empty(12 * buckets)];
  const out = bench.empty(mostDirectoryBytes(2 * scores.length));
  return ([0, 1] as const).map((side) => {
    const start = keys + (side ? 2 * background : 0);
    const sideCounts = counts + 4 * buckets * side;
    const length = kernels.encodeSide(sideCounts, start, start, stored, cells, bitmap, scratch);
    const directory = bench.bytes(out, kernels.tileDirectory(stored, sideCounts, out));
    const found: { bucket: number; encoding: number; count: number; content: number[] }[] = [];
    for (const block of decodeBlocks(directory, length, formatVersion)) {
      eachBucket(block, (bucket, encoding, count, offset, bytes) => {
        found.push({ bucket, encoding, count, content: [...bench.bytes(start + offset, bytes)] });
      });
    }
    expect(bench.bytes(cells, 8 * buckets).every((byte) => byte === 0)).toBe(true);
    expect(bench.bytes(bitmap, bitmapBytes).every((byte) => byte === 0)).toBe(true);
    return found;
  });
}

function expectSide(found: ReturnType<typeof encodeTile>[number], twin: Buckets): void {
  expect(found.map(({ bucket }) => bucket)).toEqual([...twin.keys()].sort((a, b) => a - b));
  for (const { bucket, encoding, count, content } of found) {
    const keys = twin.get(bucket)!;
    const packed = keys.flatMap((key) => [key % 256, Math.floor(key / 256)]);
    const runs = encodeRuns(countEach(keys));
    expect(count).toBe(keys.length);
    expect(content).toEqual(encoding === 1 ? runs : packed);
    if (encoding === 1) expect(runs.length).toBeLessThan(packed.length);
  }
}

describe("a tile's shard, against the twin", () => {
  const inputs = [
    ...Object.entries(probabilityInputs).map(
      ([name, voxels]) => [`probability, ${name}`, voxels, 0] as const,
    ),
    ...Object.entries(logitInputs).map(([name, voxels]) => [`logit, ${name}`, voxels, 1] as const),
  ];
  test.each(inputs)('%s', (_name, voxels, logit) => {
    const twins = splitBySide(voxels.scores, voxels.mask, logit === 1);
    const found = encodeTile(voxels, logit);
    expectSide(found[0]!, twins[0]);
    expectSide(found[1]!, twins[1]);
  });

  test('ties are stored as runs, a few bytes for thousands of voxels', () => {
    const sides = encodeTile(probabilityInputs.ties!, 0);
    const bytes = sides.flat().reduce((sum, { content }) => sum + content.length, 0);
    expect(bytes).toBeLessThan(60);
  });
});

test('a bucket with more keys than it has cells is stored as runs, though its first keys all differ', () => {
  const count = 200_003;
  const scores = Float32Array.from({ length: count }, (_, i) =>
    ofFloatBits(0x3e120000 + ((i * 40503) % 65536)),
  );
  const [background, foreground] = encodeTile({ scores, mask: new Uint8Array(count) }, 0);
  expect(foreground).toEqual([]);
  expect(background).toMatchObject([{ bucket: 0x3e12, encoding: 1, count }]);
  expect(background![0]!.content.length).toBeLessThanOrEqual(2 * 65536);
});

/** Counts below and above 2^32, keys at both ends. */
const cellCounts = fc.array(
  fc.record({
    key: fc.oneof(fc.integer({ min: 0, max: 65535 }), fc.constantFrom(0, 1, 63, 64, 65535)),
    count: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 2 ** 50 })),
  }),
  { minLength: 1, maxLength: 40 },
);

/** Adds runs of a side to the keys that the kernels gather; how many there are. */
function addRuns(runs: readonly number[], cells: number, side: 0 | 1): number {
  const address = bench.put(Uint8Array.from(runs));
  const piece = bench.put(Uint32Array.of(address, runs.length, side, 1));
  return bench.kernels.addPieceKeys(piece, 1, cells, 0);
}

test('runs of any counts merge by addition, beyond 2^32 as well', () => {
  fc.assert(
    fc.property(
      fc.array(cellCounts, { minLength: 1, maxLength: 4 }),
      fc.constantFrom(0, 1),
      (shards, side) => {
        bench.layout.reset();
        const cells = bench.empty(cellBytes);
        const list = bench.empty(12 * buckets);
        const out = bench.empty(12 * buckets);
        bench.kernels.clearKeys();
        const twin = new Map<number, bigint>();
        for (const shard of shards) {
          const counts = new Map<number, bigint>();
          for (const { key, count } of shard) counts.set(key, (counts.get(key) ?? 0n) + BigInt(count));
          for (const [key, count] of counts) twin.set(key, (twin.get(key) ?? 0n) + count);
          const added = addRuns(encodeRuns(counts), cells, side);
          expect(added).toBe(Number([...counts.values()].reduce((sum, count) => sum + count, 0n)));
        }
        const expected = encodeRuns(twin);
        const rows = bench.kernels.gatherKeys(cells, list);
        expect(rows).toBe(twin.size);
        const end = bench.kernels.writeListRuns(list, rows, cells, (side === 0 ? 4 : 8) * buckets, out);
        expect(end - out).toBe(expected.length);
        expect([...bench.bytes(out, expected.length)]).toEqual(expected);
        bench.kernels.endBucket(cells);
        expect(Buffer.compare(bench.bytes(cells, cellBytes), new Uint8Array(cellBytes))).toBe(0);
        expect(bench.kernels.gatherKeys(cells, list)).toBe(0);
      },
    ),
    { numRuns: 100 },
  );
});

test('bytes that are not runs of a bucket are refused', () => {
  const cells = bench.empty(cellBytes);
  const refused = (bytes: number[]) => addRuns(bytes, cells, 0);
  expect(refused([0x80, 0x80, 0x10])).toBe(-1); // key 131072
  expect(refused([0x01])).toBe(-1); // the count is missing
  expect(refused([0x80])).toBe(-1); // a varint without its end
  expect(refused([0xfe, 0xff, 0x07, 0x00])).toBe(-1); // a key after 65535
  expect(refused([0x00, 0xfe, 0xff, 0x07])).toBe(-1); // the second is 65536
  expect(refused([0x00, 0xfe, 0xff])).toBe(-1); // the second has no end
  expect(refused([0x00, 0x01])).toBe(-1); // the count of the second is missing
  expect(refused([0xfa, 0xff, 0x07, 0x00, 0x00, 0x00, 0x00, 0x00])).toBe(-1); // the fourth of four short ones is 65538
});

test('runs come back, however close together their keys are', () => {
  const random = randomNumbers(8);
  for (const [share, keys] of [1, 0.5, 0.1, 0.03].map(
    (share) =>
      [share, Array.from({ length: buckets }, (_, key) => key).filter(() => random() < share)] as const,
  )) {
    bench.layout.reset();
    const cells = bench.empty(cellBytes);
    const list = bench.empty(12 * buckets);
    bench.kernels.clearKeys();
    // Every hundredth is there twice: it ends a row of short runs.
    const counts = new Map(keys.map((key, i) => [key, i % 100 === 99 ? 2n : 1n]));
    const held = keys.length + Math.floor(keys.length / 100);
    expect(addRuns(encodeRuns(counts), cells, 1), `${share}`).toBe(held);
    expect(bench.kernels.gatherKeys(cells, list)).toBe(keys.length);
    expect([...bench.words(list, keys.length)]).toEqual(keys);
    const foreground = bench.words(list + 8 * buckets, keys.length);
    expect(foreground.every((count, i) => BigInt(count) === counts.get(keys[i]!))).toBe(true);
  }
});

test('bytes that are not split keys of a bucket are refused, and nothing is added', () => {
  const cells = bench.empty(cellBytes);
  const list = bench.empty(12 * buckets);
  bench.kernels.clearKeys();
  const add = (bytes: readonly number[]) => {
    const piece = bench.put(Uint32Array.of(bench.put(Uint8Array.from(bytes)), bytes.length, 0, 2));
    return bench.kernels.addPieceKeys(piece, 1, cells, 0);
  };
  const keys = Array.from({ length: 100 }, (_, i) => 655 * i + 7);
  const [encoding, bytes] = encodeMerged(countEach(keys));
  expect(encoding).toBe(2);
  const changed = (at: number, value: number) => bytes.map((byte, i) => (i === at ? value : byte));
  expect(add([])).toBe(-1);
  expect(add(bytes.slice(1))).toBe(-1); // a key without its high byte
  expect(add(changed(100, bytes[100]! ^ 1))).toBe(-1); // a key more or less
  // As many bits, but the last one, of 355 in 45 bytes, is behind the highest byte.
  const last = bytes.length - 1;
  expect(add(changed(100, bytes[100]! & (bytes[100]! - 1)).with(last, bytes[last]! | 128))).toBe(-1);
  expect(bench.kernels.gatherKeys(cells, list)).toBe(0);
  expect(add(bytes)).toBe(100);
  expect(bench.kernels.gatherKeys(cells, list)).toBe(100);
  expect([...bench.words(list, 100)]).toEqual(keys);
});

test.each([false, true])('Lovász sums of a bucket against the definition (logits: %s)', (logit) => {
  const bucket = logit ? 0xbf80 : 0x3e12;
  const total = 25;
  const before = { foreground: 6, background: 9 };
  for (const first of [0, 1]) {
    bench.layout.reset();
    // An even number of keys, and an odd one.
    const keys = [3, 64, 65, 700, 40000, 65535].slice(first);
    const background = [1, 0, 5, 2, 0, 7].slice(first);
    const foreground = [0, 4, 1, 0, 3, 2].slice(first);
    const cells = bench.empty(cellBytes);
    const list = bench.empty(12 * buckets);
    bench.kernels.clearKeys();
    for (const [side, counts] of [background, foreground].entries()) {
      const held = keys.flatMap((key, i) => (counts[i] ? [[key, BigInt(counts[i])] as const] : []));
      addRuns(encodeRuns(new Map(held)), cells, side === 1 ? 1 : 0);
    }
    const out = bench.empty(64);
    const rows = bench.kernels.gatherKeys(cells, list);
    bench.kernels.evaluateKeys(
      list,
      rows,
      cells,
      bucket,
      Number(logit),
      total,
      before.foreground,
      before.background,
      out,
    );
    const [softmax, hinge, softmaxRest, hingeRest] = bench.doubles(out, 4);
    let { foreground: f, background: b } = before;
    let [expectedSoftmax, expectedHinge] = [0, 0];
    for (let i = keys.length - 1; i >= 0; i--) {
      const jaccard = (f + b) / (total + b);
      f += foreground[i]!;
      b += background[i]!;
      const step = (f + b) / (total + b) - jaccard;
      const score = scoreOfKey(bucket * 65536 + keys[i]!, false, logit);
      const sigmoid = score >= 0 ? 1 / (1 + exp(-score)) : exp(score) / (1 + exp(score));
      expectedSoftmax += (logit ? sigmoid : score) * step;
      expectedHinge += Math.max(1 + score, 0) * step;
    }
    expect(softmax! + softmaxRest!).toBeCloseTo(expectedSoftmax, 15);
    if (logit) expect(hinge! + hingeRest!).toBeCloseTo(expectedHinge, 14);
    expect(floatBits(scoreOfKey(bucket * 65536, false, logit))).toBeGreaterThan(0);
  }
});
