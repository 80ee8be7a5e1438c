/** Labels beyond 2^53, which float64 would merge: each gets a number of its own that is not a label, 0.5, 1.5, ... */
import type { Encoding } from '../measures/tile/encoding.ts';
import { roundedLabels, storedValues } from './stored-values.ts';

export class LargeLabels {
  readonly #labels: bigint[] = [];
  readonly #places = new Map<bigint, number>();

  /** The labels of stored voxels. */
  read(bytes: Uint8Array, encoding: Encoding, rounding: number): Float64Array {
    const { datatype, littleEndian, slope, intercept } = encoding;
    const values = roundedLabels(storedValues(bytes, encoding), rounding);
    const exact = (datatype === 'int64' || datatype === 'uint64') && slope === 1 && intercept === 0;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const stored = (at: number) =>
      datatype === 'int64' ? view.getBigInt64(at, littleEndian) : view.getBigUint64(at, littleEndian);
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (value <= Number.MAX_SAFE_INTEGER || !Number.isFinite(value)) continue;
      values[i] = this.#numberOf(exact ? stored(8 * i) : BigInt(value));
    }
    return values;
  }

  /** The digits of the label that stands under a number. */
  nameOf(label: number): string {
    return String(Number.isInteger(label) ? label : (this.#labels[Math.floor(label)] ?? label));
  }

  #numberOf(label: bigint): number {
    const place = this.#places.get(label) ?? this.#labels.push(label) - 1;
    this.#places.set(label, place);
    return place + 0.5;
  }
}
