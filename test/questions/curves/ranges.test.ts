import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadKernels } from '../../../src/kernels/kernels.ts';
import { compensatedSum } from '../../../src/measures/sorted-errors/lovasz-sum.ts';
import { keyOfScore, reflectionBucket, scoreOfKey } from '../../../src/measures/sorted-errors/score-keys.ts';
import {
  addSurveys,
  cutScores,
  filesOfRange,
  surveyFiles,
} from '../../../src/measures/sorted-errors/survey.ts';
import { walkRange } from '../../../src/measures/sorted-errors/walk-range.ts';
import { openShard } from '../../measures/sorted-errors/shard/stored.ts';
import { logit, writeCase } from '../../support/made-up-cases.ts';
import { score } from '../../support/score.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const path = temporaryFolder();

/** Many scores are the first key of a bucket, where one side's keys begin a range and the other's end it. */
const atEdges = (random: () => number) => (random() < 0.5 ? Math.round(random() * 64) / 64 : random());

describe.each([
  { name: 'probability', isLogit: false, make: atEdges },
  { name: 'logit', isLogit: true, make: logit },
] as const)('$name', ({ name, isLogit, make }) => {
  const folder = path(name);
  let files: string[];
  beforeAll(async () => {
    const cases = await Promise.all(
      ['a', 'b'].map((id, seed) => writeCase({ folder, id, seed, score: make, shape: [12, 9, 8] })),
    );
    await score(cases, { scores: name, losses: 'dice', keepShards: 'always' }, `${folder}/run`);
    const shards = `${folder}/run/work/shards`;
    files = readdirSync(shards).map((file) => `${shards}/${file}`);
  });

  test('ranges of any size give the same walk', () => {
    const kernels = loadKernels();
    const survey = addSurveys(
      files.map((file) => {
        const { shard, source } = openShard(file);
        const found = surveyFiles([shard], 0);
        source.close();
        return found;
      }),
    );
    const positives = survey.foreground.reduce((sum, count) => sum + count, 0);
    const shardsOf = function* (names: readonly string[]) {
      for (const name of names) {
        const { shard, source } = openShard(`${folder}/run/work/shards/${name}`);
        yield shard;
        source.close();
      }
    };
    const walk = (rangeKeys: number) => {
      const ranges = cutScores(survey, isLogit, rangeKeys);
      const walked = ranges.map((range) =>
        walkRange(kernels, shardsOf(filesOfRange(survey.spans, range, isLogit)), {
          class: 0,
          logit: isLogit,
          range,
          positives,
          tpScale: 1,
          fpScale: 1,
          boundaries: Uint32Array.of(0),
          edges: Float64Array.of(0.25, 0.5, 0.75),
        }),
      );
      return {
        ranges: ranges.length,
        points: walked.flatMap(({ points }) => points),
        area: walked.reduce((sum, { area }) => sum + area, 0n),
        precision: compensatedSum(walked.map(({ precision }) => precision)),
        brier: walked.reduce((sum, { brier }) => sum + brier, 0n),
        bins: [0, 1, 2, 3].map((bin) => walked.reduce((sum, { bins }) => sum + bins[bin]!.sum, 0n)),
      };
    };
    const { ranges, precision, ...whole } = walk(2 ** 23);
    expect(ranges).toBe(1);
    for (const keys of [1, 50, 400]) {
      const { ranges, precision: other, ...cut } = walk(keys);
      expect(ranges).toBeGreaterThan(2);
      expect(cut).toEqual(whole);
      expect(other).toBeCloseTo(precision, 12);
    }
  });
});

test('keys order scores and give them back', () => {
  for (const isLogit of [false, true]) {
    const scores = isLogit
      ? [-1e30, -2, -1e-40, 0, 1e-40, 0.5, 3e38]
      : [0, 2 ** -149, 0.1, 0.25, 0.5, 0.50001, 0.9, 1 - 2 ** -24, 1];
    const keys = scores.map((value) => keyOfScore(value, isLogit));
    expect(keys).toEqual([...keys].sort((a, b) => a - b));
    expect(new Set(keys).size).toBe(scores.length);
    expect(keys.map((key) => scoreOfKey(key, isLogit))).toEqual(scores.map(Math.fround));
    expect(keys.every((key) => key >= 0 && key <= reflectionBucket(isLogit) * 65536)).toBe(true);
  }
});
