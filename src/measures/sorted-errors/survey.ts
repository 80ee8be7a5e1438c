/** What shard files hold of a class, by their directories alone, and how its scores are cut into ranges. */
import { addBuckets, type BucketSpan, emptyHistogram } from './ranges.ts';
import { reflectionBucket } from './score-keys.ts';
import type { ShardFile } from './shard/file.ts';

/** Buckets of each side that a file may hold. */
export interface FileSpan {
  /** Of the file in its store. */
  readonly name: string;
  readonly background: BucketSpan;
  readonly foreground: BucketSpan;
}

/** Keys of each bucket and side of a class over some files, and where they are. */
export interface Survey {
  readonly background: Float64Array;
  readonly foreground: Float64Array;
  readonly spans: readonly FileSpan[];
}

export function surveyFiles(files: Iterable<ShardFile>, classIndex: number): Survey {
  const histogram = emptyHistogram();
  const spans: FileSpan[] = [];
  for (const file of files) {
    const span = { name: file.name, ...addBuckets(histogram, file, classIndex) };
    if (span.background[1] > 0 || span.foreground[1] > 0) spans.push(span);
  }
  const { background, foreground } = histogram;
  return { background, foreground, spans };
}

export function addSurveys(surveys: readonly Survey[]): Survey {
  if (surveys.length === 1) return surveys[0]!;
  const background = new Float64Array(65536);
  const foreground = new Float64Array(65536);
  for (const survey of surveys) {
    for (let bucket = 0; bucket < 65536; bucket++) {
      background[bucket]! += survey.background[bucket]!;
      foreground[bucket]! += survey.foreground[bucket]!;
    }
  }
  return { background, foreground, spans: surveys.flatMap(({ spans }) => spans) };
}

/** Steps [first, end) of a walk by descending score (kernels, scores.ts), with what lies above them. */
export interface ScoreRange {
  readonly first: number;
  readonly end: number;
  /** Foreground voxels above the range. */
  readonly tpAbove: number;
  /** Background voxels above it, and all of the bucket whose cell 0 is the range's first key. */
  readonly fpAbove: number;
}

/**
 * Ranges that cover all scores, highest first: of about `rangeKeys` keys, or one step if that alone holds more. A
 * function of the keys alone, whatever files they are in.
 */
export function cutScores(
  { background, foreground }: Survey,
  logit: boolean,
  rangeKeys = 2 ** 23,
): ScoreRange[] {
  const reflection = reflectionBucket(logit);
  const steps = Math.min(reflection, 65535) + 1;
  const ranges: ScoreRange[] = [];
  let first = 0;
  let above = { tp: 0, fp: background[reflection] ?? 0 };
  let here = { tp: 0, fp: 0 };
  for (let step = 0; step < steps; step++) {
    here.tp += foreground[step]!;
    here.fp += background[reflection - step - 1] ?? 0;
    if (here.tp + here.fp < rangeKeys && step < steps - 1) continue;
    ranges.push({ first, end: step + 1, tpAbove: above.tp, fpAbove: above.fp });
    above = { tp: above.tp + here.tp, fp: above.fp + here.fp };
    here = { tp: 0, fp: 0 };
    first = step + 1;
  }
  return ranges;
}

/** The files that hold keys of a range. */
export function filesOfRange(
  spans: readonly FileSpan[],
  { first, end }: ScoreRange,
  logit: boolean,
): string[] {
  const reflection = reflectionBucket(logit);
  const meets = ([from, to]: BucketSpan, low: number, high: number) => from < high && to > low;
  return spans
    .filter(
      ({ background, foreground }) =>
        meets(foreground, first, end) || meets(background, reflection - end, reflection - first + 1),
    )
    .map(({ name }) => name);
}
