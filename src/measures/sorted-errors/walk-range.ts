/** Walks a range of scores from the highest down, over any number of shard files. Runs in a thread. */
import { type Kernels, Layout } from '../../kernels/kernels.ts';
import { cellBytes, listBytes } from './merger.ts';
import { Pieces } from './pieces.ts';
import { reflectionBucket } from './score-keys.ts';
import { bucketCount } from './shard/directory.ts';
import type { ShardFile } from './shard/file.ts';
import type { ScoreRange } from './survey.ts';

export interface WalkRequest {
  readonly class: number;
  readonly logit: boolean;
  readonly range: ScoreRange;
  /** Foreground voxels of the whole. */
  readonly positives: number;
  /** Points are listed where `floor(tp * tpScale)` or `floor(fp * fpScale)` changes. */
  readonly tpScale: number;
  readonly fpScale: number;
  /** And where the score passes one of these keys: descending, ended by 0. */
  readonly boundaries: Uint32Array;
  /** Inner edges of the bins of probability, ascending; null for no bins. */
  readonly edges: Float64Array | null;
}

/** A group of equal score: voxels of each side with at least that score. */
export interface WalkPoint {
  readonly key: number;
  readonly probability: number;
  readonly tp: number;
  readonly fp: number;
}

/** Voxels of a bin; `sum` is Σ p in units of 2^-50. */
export interface BinSums {
  readonly voxels: number;
  readonly foreground: number;
  readonly sum: bigint;
}

export interface WalkedRange {
  /** By descending score; the first group of the range and the last one are among them. */
  readonly points: readonly WalkPoint[];
  /** Σ b·(2·tp before + f) over the groups. */
  readonly area: bigint;
  /** Σ f·tp/(tp + fp), with its compensation. */
  readonly precision: readonly [sum: number, compensation: number];
  /** Where tp/(positives + fp) is largest; the highest such score. Null where it never is above 0. */
  readonly best: WalkPoint | null;
  readonly bins: readonly BinSums[];
  /** Σ (p - t)² in units of 2^-50. */
  readonly brier: bigint;
}

/** Places in the state of the kernel `walkScores`, in float64. */
const state = { total: 2, precision: 4, best: 6, tpCell: 10, tpScale: 12, last: 14, area: 17, length: 21 };

/** Numbers that the kernels `startWalk` and `walkSteps` take, and the place of what a step carries into the next. */
const stepsLength = 24;
const carryAt = 3;

export function walkRange(kernels: Kernels, files: Iterable<ShardFile>, request: WalkRequest): WalkedRange {
  const { logit, range, boundaries, edges } = request;
  const layout = new Layout(kernels.memory);
  const binCount = edges ? edges.length + 1 : 0;
  const cells = layout.region(cellBytes);
  const list = layout.region(listBytes);
  const points = layout.region(24 * bucketCount);
  const walk = layout.region(8 * state.length);
  const walkAt = layout.region(8 * stepsLength);
  const keyList = layout.region(4 * boundaries.length);
  const edgeList = layout.region(8 * binCount);
  const bins = layout.region(32 * binCount);
  const brier = layout.region(16);
  const fixedBytes = layout.bytes;
  const [background, foreground] = readRange(kernels, layout, files, request);
  const [behind, before] = [background.table(), foreground.table()];

  const { buffer } = kernels.memory;
  new Uint8Array(buffer, cells, fixedBytes - cells).fill(0);
  const values = new Float64Array(buffer, walk, state.length);
  new Uint32Array(buffer, keyList, boundaries.length).set(boundaries);
  if (edges) new Float64Array(buffer, edgeList, edges.length).set(edges);

  const reflection = reflectionBucket(logit);

  const found: WalkPoint[] = [];
  const point = (key: number, tp: number, fp: number): WalkPoint => ({
    key,
    probability: kernels.probabilityOfKey(key, logit ? 1 : 0),
    tp,
    fp,
  });
  const steps = new Float64Array(buffer, walkAt, stepsLength);
  const bases = [Math.max(0, reflection - range.end), range.first] as const;
  const counts = [reflection - range.first + 1 - bases[0], range.end - range.first] as const;
  steps.set([
    ...[range.first, range.end, reflection, 0, logit ? 1 : 0],
    ...[bases[0], counts[0], behind.keys, behind.starts, behind.rows],
    ...[bases[1], counts[1], before.keys, before.starts, before.rows],
    ...[cells, list, keyList, walk, points, edgeList, binCount, bins, brier],
  ]);
  // The first key of the range is key 0 of the bucket above.
  kernels.clearKeys();
  if (!kernels.startWalk(walkAt)) throw background.fault(reflection - range.first, cells);
  values.set([range.tpAbove, range.fpAbove - steps[carryAt]!, request.positives]);
  values.set([-1, -1, request.tpScale, request.fpScale], state.tpCell);

  for (;;) {
    const count = kernels.walkSteps(walkAt);
    if (count === 0) break;
    const step = steps[0]!;
    if (count === -1) throw background.fault(reflection - step - 1, cells);
    if (count === -2) throw foreground.fault(step, cells);
    const listed = new Float64Array(buffer, points, 3 * count);
    for (let i = 0; i < listed.length; i += 3) found.push(point(listed[i]!, listed[i + 1]!, listed[i + 2]!));
  }
  const [lastKey, lastTp, lastFp] = values.subarray(state.last);
  if (found.length > 0 && found.at(-1)!.key !== lastKey) found.push(point(lastKey!, lastTp!, lastFp!));
  const [bestRatio, bestKey, bestTp, bestFp] = values.subarray(state.best);
  const digits = new BigUint64Array(buffer, walk + 8 * state.area, 3);
  const binned = new BigUint64Array(buffer, bins, 4 * binCount);
  return {
    points: found,
    area: digits[0]! + (digits[1]! << 32n) + (digits[2]! << 64n),
    precision: [values[state.precision]!, values[state.precision + 1]!],
    best: bestRatio! > 0 ? point(bestKey!, bestTp!, bestFp!) : null,
    bins: Array.from({ length: binCount }, (_, bin) => ({
      voxels: Number(binned[4 * bin]),
      foreground: Number(binned[4 * bin + 1]),
      sum: wideSum(binned, 4 * bin + 2),
    })),
    brier: wideSum(new BigUint64Array(buffer, brier, 2), 0),
  };
}

/** A 128-bit sum of the kernels: its low digits of 32 bits, and the rest. */
function wideSum(sums: BigUint64Array, at: number): bigint {
  return (sums[at + 1]! << 32n) + sums[at]!;
}

/** The keys of the range, background and foreground. Files are open one at a time. */
function readRange(
  kernels: Kernels,
  layout: Layout,
  files: Iterable<ShardFile>,
  { class: classIndex, logit, range: { first, end } }: WalkRequest,
): readonly [Pieces, Pieces] {
  const reflection = reflectionBucket(logit);
  const sides = [
    new Pieces(kernels, layout, Math.max(0, reflection - end), reflection - first + 1),
    new Pieces(kernels, layout, first, end),
  ] as const;
  for (const file of files) {
    for (const side of [0, 1] as const) {
      const section = file.section(classIndex, side);
      if (section) sides[side].read(file, section);
    }
  }
  return [sides[0].list(), sides[1].list()];
}
