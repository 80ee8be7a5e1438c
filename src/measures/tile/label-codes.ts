/**
 * The 16-bit codes by which a tile's kernels know labels. As long as all labels are small a code is its label. A tile
 * with others, up to 64 bits, has a dictionary of the labels that occur in it; codes ascend with their labels in both.
 */
import { InputError } from '../../base/errors.ts';
import { type Label, labelOfWords } from '../../base/label.ts';
import { type Datatype, datatypeBytes } from '../../volumes/types.ts';
import { bucketCount as codeCount } from '../sorted-errors/shard/directory.ts';
import type { Encoding } from './encoding.ts';

/** The code of an ignored label that has no code of its own. */
export const ignoredCode = 65535;

export interface LabelCodes {
  labelOf(code: number): Label;
  /** Undefined for a label that no voxel of the tile can have. */
  codeOf(label: Label): number | undefined;
  /** The code of ignored voxels; -1 where nothing is ignored. */
  ignored(ignoreLabel: number | null): number;
}

export const smallLabels: LabelCodes = {
  labelOf: (code) => code,
  codeOf: (label) =>
    typeof label === 'number' && Number.isInteger(label) && label >= 0 && label < ignoredCode
      ? label
      : undefined,
  ignored: (ignoreLabel) => (ignoreLabel === null ? -1 : (smallLabels.codeOf(ignoreLabel) ?? ignoredCode)),
};

/** Whether a file can hold labels beyond `smallLabels`. */
export function mayHoldLargeLabels({ datatype, slope, intercept }: Encoding): boolean {
  const narrow = datatype === 'uint8' || datatype === 'int8' || datatype === 'int16';
  return !narrow || slope !== 1 || intercept !== 0;
}

/** A record [count, first index, first value] of voxels that hold no label. */
export type FaultRecord = [count: number, firstIndex: number, firstValue: number];

/** How stored values become labels. */
export interface LabelReading {
  readonly encoding: Encoding;
  /** Values at most this far from a whole number count as that number. */
  readonly rounding: number;
  readonly ignoreLabel: number | null;
}

/** Slots of the hash table: twice the codes, a power of 2. */
const slotCount = 2 * codeCount;
/** Bytes of memory that a dictionary takes. */
export const dictionaryBytes = 4 * slotCount + 3 * 4 * codeCount;

/** Labels beyond this many in a tile have no codes. */
const mostLabels = ignoredCode;

export class LabelDictionary implements LabelCodes {
  /** Place of a label in order of appearance, plus 1; 0 is free. */
  readonly #slots: Uint32Array;
  /** Halves of the labels in order of appearance. */
  readonly #low: Uint32Array;
  readonly #high: Uint32Array;
  /** Codes by order of appearance; until `sort` has been called that order itself. */
  readonly #codes: Uint32Array;
  #places: Uint32Array = new Uint32Array(0);
  #size = 0;

  /** `address`: of `dictionaryBytes` bytes of `buffer`. */
  constructor(buffer: ArrayBuffer, address: number) {
    this.#slots = new Uint32Array(buffer, address, slotCount).fill(0);
    this.#low = new Uint32Array(buffer, address + 4 * slotCount, codeCount);
    this.#high = new Uint32Array(buffer, address + 4 * (slotCount + codeCount), codeCount);
    this.#codes = new Uint32Array(buffer, address + 4 * (slotCount + 2 * codeCount), codeCount);
    this.#place(0, 0);
  }

  /** Gives a label a code, whether or not a voxel has it. */
  add(label: number): void {
    this.#place(label % 2 ** 32, Math.floor(label / 2 ** 32));
  }

  /**
   * Writes for each stored voxel (little-endian) the place of its label in order of appearance; `sort` makes codes of
   * them. Voxels that hold no label become 0 and are told in the record.
   */
  read(
    stored: Uint8Array,
    { encoding, rounding, ignoreLabel }: LabelReading,
    target: Uint16Array,
  ): FaultRecord {
    const { datatype, slope, intercept } = encoding;
    const record: FaultRecord = [0, 0, 0];
    const fault = (index: number, value: number) => {
      if (record[0]++ === 0) [record[1], record[2]] = [index, value];
      return 0;
    };
    const ignore = ignoreLabel ?? Number.NaN;
    const codeOfZero = ignore === 0 ? ignoredCode : 0;
    if ((datatype === 'uint64' || datatype === 'int64') && slope === 1 && intercept === 0) {
      const words = new Uint32Array(stored.buffer, stored.byteOffset, 2 * target.length);
      const signed = datatype === 'int64';
      let [lastLow, lastHigh, lastCode] = [0, 0, codeOfZero];
      for (let i = 0; i < target.length; i++) {
        const low = words[2 * i]!;
        const high = words[2 * i + 1]!;
        if (low !== lastLow || high !== lastHigh) {
          const negative = signed && high >= 2 ** 31;
          const value = (negative ? high - 2 ** 32 : high) * 2 ** 32 + low;
          // Numbers beyond 2^53 are rounded, and no ignored label is one of them.
          const isIgnored = value === ignore && Number.isSafeInteger(value);
          lastCode = isIgnored ? ignoredCode : negative ? 0 : this.#place(low, high);
          if (negative && !isIgnored) {
            target[i] = fault(i, value);
            [lastLow, lastHigh, lastCode] = [0, 0, codeOfZero];
            continue;
          }
          [lastLow, lastHigh] = [low, high];
        }
        target[i] = lastCode;
      }
      return record;
    }
    const values = storedArray(stored, datatype);
    const halves = datatype === 'uint64' || datatype === 'int64';
    let lastValue = 0;
    let lastCode = codeOfZero;
    for (let i = 0; i < target.length; i++) {
      const raw = halves ? values[2 * i + 1]! * 2 ** 32 + (values[2 * i]! >>> 0) : values[i]!;
      let value = raw * slope + intercept;
      if (value !== lastValue) {
        if (rounding > 0) {
          const nearest = Math.floor(value + 0.5);
          if (Math.abs(value - nearest) <= rounding) value = nearest;
        }
        const isIgnored = value === ignore;
        if (!isIgnored && !(value >= 0 && value < 2 ** 64 && Math.floor(value) === value)) {
          target[i] = fault(i, value);
          continue;
        }
        lastCode = isIgnored ? ignoredCode : this.#place(value % 2 ** 32, Math.floor(value / 2 ** 32));
        lastValue = value;
      }
      target[i] = lastCode;
    }
    return record;
  }

  /** Orders the codes by label; `targets` are what `read` wrote. No label may be added after it. */
  sort(targets: readonly Uint16Array[]): void {
    const size = this.#size;
    const [low, high] = [this.#low, this.#high];
    const places = Uint32Array.from({ length: size }, (_, place) => place);
    places.sort((a, b) => high[a]! - high[b]! || low[a]! - low[b]!);
    this.#places = places;
    for (let code = 0; code < size; code++) this.#codes[places[code]!] = code;
    const codes = Uint16Array.from({ length: codeCount }, (_, place) =>
      place < size ? this.#codes[place]! : ignoredCode,
    );
    for (const target of targets) for (let i = 0; i < target.length; i++) target[i] = codes[target[i]!]!;
  }

  labelOf(code: number): Label {
    const place = this.#places[code]!;
    return labelOfWords(this.#low[place]!, this.#high[place]!);
  }

  codeOf(label: Label): number | undefined {
    if (label < 0) return undefined;
    const value = BigInt(label);
    const [low, high] = [Number(value & 0xffffffffn), Number(value >> 32n)];
    const place = this.#slots[this.#slotOf(low, high)]!;
    return place === 0 ? undefined : this.#codes[place - 1];
  }

  ignored(ignoreLabel: number | null): number {
    return ignoreLabel === null ? -1 : ignoredCode;
  }

  /** The slot of a label, or the free one where it belongs. */
  #slotOf(low: number, high: number): number {
    let slot = (Math.imul(low, 0x9e3779b1) ^ Math.imul(high + 1, 0x85ebca6b)) >>> 0;
    slot = (slot ^ (slot >>> 15)) & (slotCount - 1);
    for (;;) {
      const place = this.#slots[slot]!;
      if (place === 0 || (this.#low[place - 1] === low && this.#high[place - 1] === high)) return slot;
      slot = (slot + 1) & (slotCount - 1);
    }
  }

  /** The place of a label in order of appearance, which it is given if it has none. @throws InputError */
  #place(low: number, high: number): number {
    const slot = this.#slotOf(low, high);
    const known = this.#slots[slot]!;
    if (known !== 0) return known - 1;
    if (this.#size === mostLabels) {
      throw new InputError(
        'too-many-labels',
        `prediction and reference hold more than ${mostLabels} labels in one tile; check that both are label maps, or give a smaller --tile`,
      );
    }
    this.#low[this.#size] = low;
    this.#high[this.#size] = high;
    this.#slots[slot] = this.#size + 1;
    return this.#size++;
  }
}

/** Stored voxels as numbers; of 64-bit integers their halves, the upper one with its sign. */
function storedArray(bytes: Uint8Array, datatype: Datatype): ArrayLike<number> {
  const { buffer, byteOffset } = bytes;
  const length = bytes.length / datatypeBytes[datatype];
  switch (datatype) {
    case 'uint8':
      return bytes;
    case 'int8':
      return new Int8Array(buffer, byteOffset, length);
    case 'uint16':
      return new Uint16Array(buffer, byteOffset, length);
    case 'int16':
      return new Int16Array(buffer, byteOffset, length);
    case 'uint32':
      return new Uint32Array(buffer, byteOffset, length);
    case 'int32':
      return new Int32Array(buffer, byteOffset, length);
    case 'uint64':
      return new Uint32Array(buffer, byteOffset, 2 * length);
    case 'int64':
      return new Int32Array(buffer, byteOffset, 2 * length);
    case 'float32':
      return new Float32Array(buffer, byteOffset, length);
    case 'float64':
      return new Float64Array(buffer, byteOffset, length);
  }
}
