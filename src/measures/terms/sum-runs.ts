/** Sums over the voxels of a case's shard, in the integers that its tiles would have given. Runs in a thread. */

import type { TermSpec } from '../../base/class-sums.ts';
import { type Kernels, Layout } from '../../kernels/kernels.ts';
import { Pieces } from '../sorted-errors/pieces.ts';
import { bucketCount } from '../sorted-errors/shard/directory.ts';
import type { ShardFile } from '../sorted-errors/shard/file.ts';
import type { TermSum } from '../tally/tally.ts';
import { termRow } from './term-row.ts';

/** What is to be summed. */
export interface RunSumRequest {
  readonly logit: boolean;
  /** Scores above it are foreground; a float32. */
  readonly threshold: number;
  readonly terms: readonly TermSpec[];
  /** Sum the cross-entropy of each class's foreground with this clip. */
  readonly crossEntropyClip: number | null;
}

/** The sums of one class over some voxels; units as in a tally. */
export interface RunSums {
  readonly class: number;
  readonly voxels: number;
  readonly foreground: number;
  readonly hardTp: number;
  readonly hardFp: number;
  readonly terms: readonly TermSum[];
  /** Σ -log p of the foreground in units of 2^-60; 0 where not asked for. */
  readonly crossEntropy: bigint;
}

/** The sums of every class that the file holds. */
export function sumRuns(kernels: Kernels, file: ShardFile, request: RunSumRequest): RunSums[] {
  const classes = [...new Set(file.sections.map((section) => section.class))];
  return classes.map((index) => sumClass(kernels, file, index, request));
}

function sumClass(kernels: Kernels, file: ShardFile, classIndex: number, request: RunSumRequest): RunSums {
  const { logit, threshold, terms, crossEntropyClip } = request;
  const layout = new Layout(kernels.memory);
  const cells = layout.region(16 * bucketCount);
  const bitmap = layout.region(8192);
  const rows = layout.region(48 * terms.length);
  const sumCount = 8 + 4 * terms.length;
  const out = layout.region(8 * sumCount);
  const entropy = layout.region(56);
  const pieces = new Pieces(kernels, layout, 0, bucketCount);
  for (const section of file.sections) if (section.class === classIndex) pieces.read(file, section);
  pieces.list();
  const { buffer } = kernels.memory;
  for (const [address, bytes] of [
    [cells, 16 * bucketCount],
    [bitmap, 8192],
    [out, 8 * sumCount],
    [entropy, 56],
  ] as const) {
    new Uint8Array(buffer, address, bytes).fill(0);
  }
  new Float64Array(buffer, rows, 6 * terms.length).set(
    terms.flatMap((spec) => termRow(spec, (value) => kernels.naturalLog(value))),
  );
  let voxels = 0;
  for (let bucket = 0; bucket < bucketCount; bucket++) {
    const keys = pieces.keys(bucket, 0) + pieces.keys(bucket, 1);
    if (keys === 0) continue;
    voxels += keys;
    pieces.add(bucket, cells, bitmap, 1);
    kernels.sumRunTerms(cells, bitmap, bucket, logit ? 1 : 0, threshold, rows, terms.length, out);
    if (crossEntropyClip !== null)
      kernels.sumRunCrossEntropy(cells, bitmap, bucket, crossEntropyClip, entropy);
    kernels.clearCells64(cells, bitmap);
  }
  const sums = new BigInt64Array(buffer, out, sumCount);
  return {
    class: classIndex,
    voxels,
    foreground: Number(sums[0]),
    hardTp: Number(sums[1]),
    hardFp: Number(sums[2]),
    terms: terms.map((_, term) => {
      const at = 8 + 4 * term;
      return { all: wideSum(sums, at), foreground: wideSum(sums, at + 2) };
    }),
    crossEntropy: crossEntropySum(new BigInt64Array(buffer, entropy, 7)),
  };
}

/** A 128-bit sum of the kernels: its low digits of 32 bits, and the rest. */
function wideSum(sums: BigInt64Array, at: number): bigint {
  return (sums[at + 1]! << 32n) + sums[at]!;
}

function crossEntropySum(sums: BigInt64Array): bigint {
  return (wideSum(sums, 1) << 40n) + wideSum(sums, 3) - wideSum(sums, 5);
}
