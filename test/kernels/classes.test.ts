import { beforeEach, describe, expect, test } from 'vitest';
import { readWideSum, wideSumBytes } from '../../src/kernels/wide-sums.ts';
import { probabilities, randomNumbers } from '../run/volumes.ts';
import { Bench } from './memory.ts';
import { exactUnits, exp, log, logOfMore } from './twins/math.ts';

const bench = new Bench();
beforeEach(() => bench.layout.reset());

const count = 1003;
const random = randomNumbers(17);
const channelOf = new Uint16Array(65536).fill(65535);
channelOf.set([0, 1, 2]);

/** Three channels and labels 0 to 3, of which 3 has no channel. */
function channelsOf(value: (i: number, channel: number) => number) {
  const channels = [0, 1, 2].map((c) => Float32Array.from({ length: count }, (_, i) => value(i, c)));
  const codes = Uint16Array.from({ length: count }, () => Math.floor(random() * 4));
  const addresses = channels.map((channel) => bench.put(channel));
  return { channels, codes, addresses, list: bench.put(Uint32Array.from(addresses)), at: bench.put(codes) };
}

const valuesOf: Record<string, (i: number, channel: number) => number> = {
  random: () => (random() - 0.5) * 40,
  ties: (i, c) => (i * (c + 1)) % 3,
  extreme: (i, c) => [0, 2 ** 19, -(2 ** 19), 2 ** -149, 700, -700][(i + 5 * c) % 6]!,
};

function kernelCrossEntropy(out: number): [bigint, bigint] {
  return [bench.integers(out, 1)[0]!, readWideSum(bench.kernels.memory.buffer, out + 16)];
}

describe.each(Object.entries(valuesOf))('competing channels, %s', (_name, value) => {
  test('arg-max: the lowest channel wins a tie', () => {
    const { channels, list } = channelsOf(value);
    const target = bench.empty(2 * count);
    const names = bench.put(Uint16Array.of(10, 20, 30));
    const out = bench.put(new Float64Array(3));
    bench.kernels.decideChannels(list, 3, count, names, target, Number.POSITIVE_INFINITY, out);
    const expected = Array.from({ length: count }, (_, i) => {
      const scores = channels.map((channel) => channel[i]!);
      return [10, 20, 30][scores.indexOf(Math.max(...scores))];
    });
    expect([...bench.shorts(target, count)]).toEqual(expected);
  });

  test('softmax and its cross-entropy', () => {
    const { channels, codes, addresses, list, at } = channelsOf(value);
    const out = bench.empty(16 + wideSumBytes);
    bench.kernels.softmax(list, 3, at, bench.put(channelOf), count, out);
    let [voxels, sum] = [0n, 0n];
    const expected = channels.map(() => new Float32Array(count));
    for (let i = 0; i < count; i++) {
      const logits = channels.map((channel) => channel[i]!);
      const largest = Math.max(...logits);
      const exps = logits.map((x) => exp(x - largest));
      const winner = logits.indexOf(largest);
      const others = exps.reduce((sum, e, c) => (c === winner ? sum : sum + e), 0);
      const total = 1 + others;
      exps.forEach((e, c) => {
        expected[c]![i] = e / total;
      });
      const label = codes[i]!;
      if (label > 2) continue;
      voxels++;
      sum += exactUnits(logOfMore(others) - (logits[label]! - largest));
    }
    expect(kernelCrossEntropy(out)).toEqual([voxels, sum]);
    addresses.forEach((address, c) => {
      expect(bench.floats(address, count)).toEqual(expected[c]);
    });
  });
});

test.each([0, 1e-7])('cross-entropy of probabilities, clip %d', (clip) => {
  const { scores } = probabilities(3 * count, 4);
  const { channels, codes, list, at } = channelsOf((i, c) => scores[3 * i + c]!);
  const out = bench.empty(16 + wideSumBytes);
  bench.kernels.crossEntropyOfProbabilities(list, at, bench.put(channelOf), count, clip, out);
  let [voxels, sum] = [0n, 0n];
  codes.forEach((label, i) => {
    if (label > 2) return;
    const p = Math.max(clip, Math.min(channels[label]![i]!, 1 - clip));
    voxels++;
    sum += exactUnits(Math.min(-log(p), 100));
  });
  expect(kernelCrossEntropy(out)).toEqual([voxels, sum]);
});

test('the sum of channels is rounded once and at most 1', () => {
  const { channels, list } = channelsOf(() => random() * 0.6);
  const target = bench.empty(4 * count);
  bench.kernels.sumChannels(list, 3, count, target);
  const expected = Float32Array.from({ length: count }, (_, i) =>
    Math.min(
      channels.reduce((sum, channel) => sum + channel[i]!, 0),
      1,
    ),
  );
  expect(bench.floats(target, count)).toEqual(expected);
});

test('sums that are not 1 are counted, and the first is told, wherever it lies', () => {
  for (const [place, sum] of [
    [0, 1.01],
    [5, 0.9],
    [count - 1, 0],
  ] as const) {
    const { channels, list } = channelsOf(() => Math.fround(1 / 3));
    const wrong = (i: number) => i === place || (place < i && i % 400 === 0);
    for (let i = 0; i < count; i++) {
      if (wrong(i)) channels[2]![i] = sum - 2 / 3;
    }
    const addresses = channels.map((channel) => bench.put(channel));
    bench.words(list, 3).set(addresses);
    const out = bench.put(new Float64Array(3));
    const target = bench.empty(2 * count);
    bench.kernels.decideChannels(list, 3, count, bench.put(Uint16Array.of(0, 1, 2)), target, 3e-3, out);
    const found = Array.from({ length: count }, (_, i) => i).filter(wrong).length;
    const [total, first, value] = bench.doubles(out, 3);
    expect([total, first]).toEqual([found, place]);
    expect(value).toBe(channels.reduce((all, channel) => all + channel[place]!, 0));
  }
});

test('hard counts of a class from predicted labels, of any part of the voxels', () => {
  const predicted = Uint16Array.from({ length: count }, () => 65534 + Math.floor(random() * 2));
  const mask = Uint8Array.from({ length: count }, () => Math.floor(random() * 2));
  const [labels, side] = [bench.put(predicted), bench.put(mask)];
  for (const [from, to] of [
    [0, count],
    [3, 4],
    [5, 13],
    [8, 25],
    [count - 7, count],
  ] as const) {
    const out = bench.put(BigInt64Array.of(1n, 2n, 3n));
    bench.kernels.countLabel(labels + 2 * from, 65535, side + from, to - from, out);
    const own = Array.from({ length: to - from }, (_, i) => from + i).filter((i) => predicted[i] === 65535);
    const tp = BigInt(own.filter((i) => mask[i]).length);
    expect([...bench.integers(out, 3)]).toEqual([1n, 2n + tp, 3n + BigInt(own.length) - tp]);
  }
});
