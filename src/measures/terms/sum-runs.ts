/** Sums over the voxels of a case's shard, in the integers that its tiles would have given. Runs in a thread. */

import type { TermSpec } from '../../base/class-sums.ts';
import { type Kernels, Layout } from '../../kernels/kernels.ts';
import { readWideSum, wideSumBytes } from '../../kernels/wide-sums.ts';
import { cellBytes, listBytes } from '../sorted-errors/merger.ts';
import { Pieces } from '../sorted-errors/pieces.ts';
import { bucketCount } from '../sorted-errors/shard/directory.ts';
import type { ShardFile } from '../sorted-errors/shard/file.ts';
import type { TermSum } from '../tally/tally.ts';
import { termRow, termRowLength } from './term-row.ts';

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
  /** Σ -log p of the foreground; 0 where not asked for. */
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
  const cells = layout.region(cellBytes);
  const list = layout.region(listBytes);
  const rows = layout.region(8 * termRowLength * terms.length);
  const outBytes = 32 + 2 * wideSumBytes * (1 + terms.length);
  const out = layout.region(outBytes);
  const entropyBytes = 16 + wideSumBytes;
  const entropy = layout.region(entropyBytes);
  const pieces = new Pieces(kernels, layout, 0, bucketCount);
  for (const section of file.sections) if (section.class === classIndex) pieces.read(file, section);
  pieces.list();
  const { buffer } = kernels.memory;
  for (const [address, bytes] of [
    [cells, cellBytes],
    [out, outBytes],
    [entropy, entropyBytes],
  ] as const) {
    new Uint8Array(buffer, address, bytes).fill(0);
  }
  new Float64Array(buffer, rows, termRowLength * terms.length).set(
    terms.flatMap((spec) => termRow(spec, kernels)),
  );
  kernels.clearKeys();
  let voxels = 0;
  for (let bucket = 0; bucket < bucketCount; bucket++) {
    const keys = pieces.keys(bucket, 0) + pieces.keys(bucket, 1);
    if (keys === 0) continue;
    voxels += keys;
    pieces.add(bucket, cells);
    const listed = kernels.gatherKeys(cells, list);
    kernels.sumRunTerms(list, listed, cells, bucket, logit ? 1 : 0, threshold, rows, terms.length, out);
    if (crossEntropyClip !== null) {
      kernels.sumRunCrossEntropy(list, listed, cells, bucket, crossEntropyClip, entropy);
    }
    kernels.endBucket(cells);
  }
  const counts = new BigInt64Array(buffer, out, 3);
  return {
    class: classIndex,
    voxels,
    foreground: Number(counts[0]),
    hardTp: Number(counts[1]),
    hardFp: Number(counts[2]),
    terms: terms.map((_, term) => {
      const at = out + 32 + 2 * wideSumBytes * (1 + term);
      return { all: readWideSum(buffer, at), foreground: readWideSum(buffer, at + wideSumBytes) };
    }),
    crossEntropy: readWideSum(buffer, entropy + 16),
  };
}
