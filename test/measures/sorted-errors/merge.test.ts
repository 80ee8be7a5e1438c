import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PartialError } from '../../../src/base/errors.ts';
import { loadKernels } from '../../../src/kernels/kernels.ts';
import { addBucketSums } from '../../../src/measures/sorted-errors/lovasz-sum.ts';
import { Merger } from '../../../src/measures/sorted-errors/merger.ts';
import { bucketHistogram, cutRanges } from '../../../src/measures/sorted-errors/ranges.ts';
import { sealDirectory } from '../../../src/measures/sorted-errors/shard/directory.ts';
import {
  formatVersion,
  type SectionContent,
  type ShardFile,
} from '../../../src/measures/sorted-errors/shard/file.ts';
import { scoreOfKey } from '../../kernels/twins/keys.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import {
  byBucket,
  type Counted,
  mergedSection,
  packedSection,
  runSection,
  sectionOf,
} from './shard/content.ts';
import { openShard, writeShardFile } from './shard/stored.ts';

const merger = new Merger(loadKernels());
const folder = temporaryFolder()();

function withFiles<T>(contents: readonly SectionContent[][], work: (files: ShardFile[]) => T): T {
  const files = contents.map((sections, i) => {
    const path = join(folder, `${i}.shard`);
    writeShardFile(path, {}, sections);
    return openShard(path);
  });
  try {
    return work(files.map(({ shard }) => shard));
  } finally {
    for (const { source } of files) source.close();
  }
}

/** Error keys of probabilities; few of them, so that they meet. */
const key = fc.oneof(
  fc.constantFrom(0, 1, 0x3e12_0000, 0x3e12_ffff, 0x3f00_0000, 0x7e00_0000),
  fc.integer({ min: 0, max: 0x7e00_0000 }),
);
/** Of few keys in a bucket, and of some hundreds: those are stored split. */
const keys = fc.oneof(
  fc.array(key, { maxLength: 40 }),
  fc.array(fc.integer({ min: 0x3e12_0000, max: 0x3e12_ffff }), { minLength: 30, maxLength: 400 }),
  fc.array(fc.integer({ min: 0x3e12_0000, max: 0x3e12_0fff }), { minLength: 30, maxLength: 400 }),
  fc.array(
    fc.constantFrom(0, 0x7f00, 0xfe00).chain((from) => fc.nat(0x1ff).map((key) => 0x3e12_0000 + from + key)),
    {
      minLength: 30,
      maxLength: 400,
    },
  ),
);
/** Counts up to beyond 2^32. */
const counted = fc.array(
  fc.tuple(key, fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 2 ** 40 }))),
  { maxLength: 12 },
);
const sides = [0, 1] as const;

test('merging counts every key once, whatever the files, their order and their channelHeaders', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(keys, keys), { minLength: 1, maxLength: 4 }),
      fc.array(fc.tuple(counted, counted), { maxLength: 3 }),
      (tiles, merged) => {
        const contents = [
          ...tiles.map((tile) => sides.map((side) => packedSection(0, side, tile[side]))),
          ...merged.map((part) => sides.map((side) => runSection(0, side, part[side]))),
        ];
        const all = sides.map((side): Counted[] => [
          ...tiles.flatMap((tile) => tile[side].map((one): Counted => [one, 1])),
          ...merged.flatMap((part) => part[side]),
        ]);
        const range = { class: 0, first: 0, end: 65536 };
        for (const order of [contents, contents.toReversed()]) {
          const { sections } = withFiles(order, (files) => merger.merge(files, range, null, true));
          const once = sections.map((section) => ({ ...section, payload: section.payload.slice() }));
          // What was merged is merged again: the same bytes.
          const again = withFiles([once], (files) => merger.merge(files, range, null, true));
          for (const side of sides) {
            const expected = mergedSection(0, side, all[side]!);
            for (const found of [once[side]!, again.sections[side]!]) {
              for (const section of [found, expected])
                sealDirectory(section.directory, section.payload, formatVersion);
              expect([...found.payload]).toEqual([...expected.payload]);
              expect([...found.directory]).toEqual([...expected.directory]);
            }
          }
        }
      },
    ),
    { numRuns: 60 },
  );
});

/** Lovász-softmax by its definition over tie groups, from the largest error down. */
function lovaszByDefinition(background: readonly Counted[], foreground: readonly Counted[]): number {
  const groups = new Map<number, [number, number]>();
  for (const [side, list] of [background, foreground].entries()) {
    for (const [one, count] of list) {
      const group = groups.get(one) ?? [0, 0];
      group[side as 0 | 1] += count;
      groups.set(one, group);
    }
  }
  const total = foreground.reduce((sum, [, count]) => sum + count, 0);
  let [b, f, sum] = [0, 0, 0];
  for (const [one, group] of [...groups].sort(([x], [y]) => y - x)) {
    const jaccard = total + b > 0 ? (f + b) / (total + b) : 0;
    b += group[0];
    f += group[1];
    sum += scoreOfKey(one, false, false) * ((f + b) / (total + b) - jaccard);
  }
  return sum;
}

test('ranges evaluated apart give the whole, bit for bit the same for any cut', () => {
  let mostRanges = 0;
  fc.assert(
    fc.property(counted, counted, (background, foreground) => {
      fc.pre(background.length + foreground.length > 0);
      const contents = [[runSection(0, 0, background), runSection(0, 1, foreground)]];
      const values = withFiles(contents, (files) => {
        const histogram = bucketHistogram(files, 0);
        const jobs = cutRanges(histogram, 0, false);
        mostRanges = Math.max(mostRanges, jobs.length);
        // Each bucket by itself, in any order, must give the same bits.
        const single = byBucket([...background, ...foreground]).map(([bucket]) => bucket);
        const apart = single.map((bucket) => {
          const above = (counts: Float64Array) =>
            counts.slice(bucket + 1).reduce((sum, count) => sum + count, 0);
          const context = {
            logit: false,
            total: histogram.foreground.reduce((sum, count) => sum + count, 0),
            foregroundAbove: above(histogram.foreground),
            backgroundAbove: above(histogram.background),
          };
          return merger.merge(files, { class: 0, first: bucket, end: bucket + 1 }, context, false).sums;
        });
        const together = jobs.map(({ range, context }) => merger.merge(files, range, context, false).sums);
        expect(addBucketSums(apart)).toEqual(addBucketSums(together.toReversed()));
        return addBucketSums(together);
      });
      expect(values.softmax).toBeCloseTo(lovaszByDefinition(background, foreground), 13);
    }),
    { numRuns: 60 },
  );
  expect(mostRanges).toBeGreaterThan(5);
});

test('runs that do not hold the keys that the directory lists are refused', () => {
  const honest = runSection(0, 0, [[7, 5]]);
  const lying = sectionOf(0, 0, [[0, 1, 6, honest.payload.length]], [...honest.payload]);
  const range = { class: 0, first: 0, end: 65536 };
  expect(() => withFiles([[lying]], (files) => merger.merge(files, range, null, true))).toThrow(PartialError);
});
