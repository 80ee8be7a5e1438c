/** Keys that are there once are walked several at a time, keys of large counts one by one: the sums are in proportion. */
import { expect, test } from 'vitest';
import { BytesInMemory } from '../../../src/base/byte-source.ts';
import { loadKernels } from '../../../src/kernels/kernels.ts';
import { keyOfScore } from '../../../src/measures/sorted-errors/score-keys.ts';
import { encodeShard, ShardFile } from '../../../src/measures/sorted-errors/shard/file.ts';
import { cutScores, surveyFiles } from '../../../src/measures/sorted-errors/survey.ts';
import { walkRange } from '../../../src/measures/sorted-errors/walk-range.ts';
import { randomNumbers } from '../../run/volumes.ts';
import { runSection } from './shard/content.ts';

const kernels = loadKernels();
const edges = Float64Array.of(0.2, 0.25, 0.2501, 0.5, 0.7, 1 - 2 ** -20);
/** A count of some keys is above 65535 then, of none above 2^32. */
const times = 50_000;

/** Scores in a few buckets, close together around the edges, and everywhere. */
function drawn(random: () => number, foreground: boolean): number {
  const kind = random();
  if (kind < 0.4) return 0.2499 + 0.0004 * random();
  if (kind < 0.6) return 0.4999 + 0.0002 * random();
  if (kind < 0.7) return foreground ? 1 - 2 ** (-30 * random()) : 2 ** (-30 * random());
  return random();
}

test('counts that are many times as large give sums that are', () => {
  const random = randomNumbers(3);
  const drawKeys = (count: number, foreground: boolean) =>
    Array.from({ length: count }, () => {
      const key = keyOfScore(drawn(random, foreground), false);
      return [foreground ? 0x7e00_0000 - key : key, random() < 0.9 ? 1 : 2] as const;
    });
  const keys = [drawKeys(4001, false), drawKeys(351, true)] as const;
  const walk = (factor: number) => {
    const sections = ([0, 1] as const).map((side) =>
      runSection(
        0,
        side,
        keys[side].map(([key, count]) => [key, factor * count] as const),
      ),
    );
    const file = ShardFile.at(new BytesInMemory('walked', encodeShard({}, sections)));
    const survey = surveyFiles([file], 0);
    const positives = survey.foreground.reduce((sum, count) => sum + count, 0);
    const negatives = survey.background.reduce((sum, count) => sum + count, 0);
    const [range] = cutScores(survey, false, 2 ** 40);
    return walkRange(kernels, [file], {
      class: 0,
      logit: false,
      range: range!,
      positives,
      tpScale: 64 / positives,
      fpScale: 64 / negatives,
      boundaries: Uint32Array.of(keyOfScore(0.5, false), keyOfScore(0.25, false), 0),
      edges,
    });
  };
  const [once, often] = [walk(1), walk(times)];
  const by = BigInt(times);
  expect(once.bins.every(({ voxels }) => voxels > 0)).toBe(true);
  expect(often.bins).toEqual(
    once.bins.map(({ voxels, foreground, sum }) => ({
      voxels: times * voxels,
      foreground: times * foreground,
      sum: by * sum,
    })),
  );
  expect(often.brier).toBe(by * once.brier);
  expect(often.area).toBe(by * by * once.area);
  expect(once.points.length).toBeGreaterThan(64);
  expect(often.points).toEqual(
    once.points.map(({ tp, fp, ...rest }) => ({ ...rest, tp: times * tp, fp: times * fp })),
  );
});
