/** The reliability diagram from integer sums. */

import type { BinSums, WalkedRange } from '../../measures/sorted-errors/walk-range.ts';
import type { CalibrationBin, ClassCurves } from './types.ts';

/** Units of Σ p and of the Brier score. */
const unitBits = 50n;
const unit = 2 ** -50;

export function calibration(
  walked: readonly WalkedRange[],
  binCount: number,
): NonNullable<ClassCurves['calibration']> {
  const sums = Array.from({ length: binCount }, (_, bin) => addBins(walked.map(({ bins }) => bins[bin]!)));
  const voxels = sums.reduce((sum, bin) => sum + bin.voxels, 0);
  // n_b·|fraction - mean p| is |foreground - Σ p|: an integer in these units.
  const gap = sums.reduce((sum, bin) => sum + magnitude((BigInt(bin.foreground) << unitBits) - bin.sum), 0n);
  const squares = walked.reduce((sum, { brier }) => sum + brier, 0n);
  return {
    ece: voxels === 0 ? null : (Number(gap) * unit) / voxels,
    brier: voxels === 0 ? null : (Number(squares) * unit) / voxels,
    bins: sums.map((sum, bin) => describeBin(sum, bin, binCount)),
  };
}

function addBins(parts: readonly BinSums[]): BinSums {
  return parts.reduce(
    (a, b) => ({ voxels: a.voxels + b.voxels, foreground: a.foreground + b.foreground, sum: a.sum + b.sum }),
    { voxels: 0, foreground: 0, sum: 0n },
  );
}

function describeBin({ voxels, foreground, sum }: BinSums, bin: number, binCount: number): CalibrationBin {
  return {
    low: bin / binCount,
    high: (bin + 1) / binCount,
    voxels,
    foreground,
    meanProbability: voxels === 0 ? null : (Number(sum) * unit) / voxels,
    fraction: voxels === 0 ? null : foreground / voxels,
  };
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}
