/** Wide sums as the kernels keep them (assembly/wide-sums.ts), read as integers. */
import { sumUnitBits } from '../base/statistics/sum-units.ts';

/** Bytes of a wide sum. */
export const wideSumBytes = 336;
const digits = wideSumBytes / 16;
/** Bits of the largest digit's unit above those of a sum. */
const firstShift = BigInt(11 + sumUnitBits);

/** The sum at `address`, in units of 2^-1029. */
export function readWideSum(buffer: ArrayBufferLike, address: number): bigint {
  const parts = new BigInt64Array(buffer, address, 2 * digits);
  let sum = 0n;
  for (let digit = 0; digit < digits; digit++) {
    const low = parts[2 * digit]!;
    const rest = parts[2 * digit + 1]!;
    if (low === 0n && rest === 0n) continue;
    sum += ((rest << 32n) + low) << (firstShift - 52n * BigInt(digit));
  }
  return sum;
}
