/**
 * Stored bytes of a tile to codes and scores in kernel memory, checked voxel by voxel; what is ignored is dropped. See
 * `layOutTile` for the regions.
 */
import type { Kernels } from '../../kernels/kernels.ts';
import { predictsLabels, type RunSettings } from '../../settings/run-settings.ts';
import { type Datatype, datatypeBytes } from '../../volumes/types.ts';
import { bucketCount } from '../sorted-errors/shard/directory.ts';
import { gateLut, maskBits } from './codes.ts';
import type { Encoding } from './encoding.ts';
import type { FaultLog } from './fault-log.ts';
import { type LabelCodes, LabelDictionary, mayHoldLargeLabels, smallLabels } from './label-codes.ts';
import type { TileRegions } from './memory.ts';
import type { TileInput } from './tile-input.ts';

const datatypeCodes: Readonly<Record<Datatype, number>> = {
  uint8: 0,
  int8: 1,
  uint16: 2,
  int16: 3,
  uint32: 4,
  int32: 5,
  uint64: 6,
  int64: 7,
  float32: 8,
  float64: 9,
};

/** Above this a cross-entropy term would not fit its sum; see classes.ts of the kernels. */
const maxExclusiveLogit = 2 ** 19;

/** A file of labels in kernel memory. */
interface LabelSide {
  /** -1 is the reference. */
  readonly channel: number;
  readonly address: number;
  readonly encoding: Encoding;
  /** Where its codes go. */
  readonly target: number;
  readonly ignoreLabel: number | null;
}

export class TileGate {
  readonly #kernels: Kernels;
  readonly #settings: RunSettings;
  readonly #input: TileInput;
  readonly #regions: TileRegions;
  readonly #gateLut: Uint8Array;
  /** Whether a channel scores a label that is too large to be its own code. */
  readonly #largeChannelLabels: boolean;
  #leastScore = Number.POSITIVE_INFINITY;
  /** Whether the stored bytes of the reference are its codes, and nothing but the masks of the classes is asked of them. */
  readonly plainReference: boolean;
  /** What the codes of the tile that was read last stand for. */
  codes: LabelCodes = smallLabels;

  /** `wholeTiles`: some row looks at codes and bits of all voxels. */
  constructor(
    kernels: Kernels,
    settings: RunSettings,
    input: TileInput,
    regions: TileRegions,
    wholeTiles: boolean,
  ) {
    this.#kernels = kernels;
    this.#settings = settings;
    this.#input = input;
    this.#regions = regions;
    this.#gateLut = gateLut(settings, smallLabels);
    this.#largeChannelLabels = settings.channelLabels.some(
      (label) => smallLabels.codeOf(label) === undefined,
    );
    this.plainReference =
      input.reference.datatype === 'uint8' &&
      input.reference.slope === 1 &&
      input.reference.intercept === 0 &&
      !predictsLabels(settings) &&
      !wholeTiles &&
      !this.#gateLut.some((bits) => bits !== 0);
  }

  /** Reads the stored bytes of `total` voxels; returns the bits of the mask that occur. */
  read(total: number, faults: FaultLog): number {
    this.#leastScore = Number.POSITIVE_INFINITY;
    this.codes = smallLabels;
    if (!this.plainReference) this.#readLabels(total, faults);
    const seen = this.plainReference ? 0 : this.mask(this.#tableOfGate(), total);
    if (seen & maskBits.unknown) this.#logUnknown(total, faults);
    if (this.#settings.scores !== 'label') this.#readScores(total, faults);
    return seen;
  }

  /** Of the tile that was read last, over all channels; null where no score is a number above minus infinity. */
  get leastScore(): number | null {
    return Number.isFinite(this.#leastScore) ? this.#leastScore : null;
  }

  /** How many of consecutive voxels are left, in parts of `counts` stored voxels: after `dropIgnored`. */
  keptOf(counts: readonly number[]): number[] {
    let at = this.#regions.mask;
    return counts.map((count) => {
      const dropped = this.#kernels.countMasked(at, count, maskBits.ignored);
      at += count;
      return count - dropped;
    });
  }

  /** The place among the stored voxels of a tile of the `kept`th voxel that is left: after `dropIgnored`, before any other mask. */
  storedPlace(kept: number): number {
    if (this.plainReference) return kept;
    const { mask } = this.#regions;
    const bytes = new Uint8Array(this.#kernels.memory.buffer, mask);
    let at = 0;
    for (let left = kept; ; at++) {
      if ((bytes[at]! & maskBits.ignored) !== 0) continue;
      if (left-- === 0) return at;
    }
  }

  /** Fills the mask by a look-up table of codes; returns the bits that occur. */
  mask(table: Uint8Array, count: number): number {
    const { lut, codes, mask } = this.#regions;
    this.#view(lut, bucketCount).set(table);
    return this.#kernels.maskFromCodes(codes, count, lut, mask);
  }

  #view(address: number, bytes: number): Uint8Array {
    return new Uint8Array(this.#kernels.memory.buffer, address, bytes);
  }

  #doubles(address: number, length: number): Float64Array {
    return new Float64Array(this.#kernels.memory.buffer, address, length);
  }

  /** Makes stored bytes little-endian in place. */
  #orderBytes(address: number, count: number, { datatype, littleEndian }: Encoding): void {
    if (!littleEndian) this.#kernels.swapBytes(address, count, datatypeBytes[datatype]);
  }

  #tableOfGate(): Uint8Array {
    return this.codes === smallLabels ? this.#gateLut : gateLut(this.#settings, this.codes);
  }

  /** Reads the codes of the reference and, of label maps, of the prediction. */
  #readLabels(count: number, faults: FaultLog): void {
    const { reference, codes, predictions, labels } = this.#regions;
    const { scores, ignoreLabel } = this.#settings;
    const sides: LabelSide[] = [
      { channel: -1, address: reference, encoding: this.#input.reference, target: codes, ignoreLabel },
    ];
    if (scores === 'label') {
      const encoding = this.#input.predictions[0]!;
      sides.push({ channel: 0, address: predictions[0]!, encoding, target: labels, ignoreLabel: null });
    }
    const records = sides.map((side) => {
      this.#orderBytes(side.address, count, side.encoding);
      return this.#smallCodes(side, count);
    });
    const large = sides.some(({ encoding }, i) => records[i]![0]! > 0 && mayHoldLargeLabels(encoding));
    if (large || this.#largeChannelLabels) this.#readByDictionary(sides, count, faults);
    else for (const [i, { channel }] of sides.entries()) faults.add('not-a-label', channel, records[i]!);
  }

  /** Each label its own code; voxels with others are told in the record. */
  #smallCodes({ address, encoding, target, ignoreLabel }: LabelSide, count: number): Float64Array {
    const record = this.#doubles(this.#regions.out, 3).fill(0);
    this.#kernels.convertLabels(
      datatypeCodes[encoding.datatype],
      address,
      count,
      encoding.slope,
      encoding.intercept,
      this.#settings.roundLabels,
      ignoreLabel === null ? 0 : 1,
      ignoreLabel ?? 0,
      target,
      this.#regions.out,
    );
    return record.slice();
  }

  #readByDictionary(sides: readonly LabelSide[], count: number, faults: FaultLog): void {
    const { buffer } = this.#kernels.memory;
    const dictionary = new LabelDictionary(buffer, this.#regions.dictionary);
    for (const label of this.#settings.channelLabels) dictionary.add(label);
    const targets = sides.map(({ target }) => new Uint16Array(buffer, target, count));
    for (const [i, { address, encoding, ignoreLabel, channel }] of sides.entries()) {
      const stored = this.#view(address, count * datatypeBytes[encoding.datatype]);
      const reading = { encoding, rounding: this.#settings.roundLabels, ignoreLabel };
      const record = dictionary.read(stored, reading, targets[i]!);
      faults.add('not-a-label', channel, Float64Array.from(record));
    }
    dictionary.sort(targets);
    this.codes = dictionary;
  }

  #logUnknown(count: number, faults: FaultLog): void {
    const { mask, codes, out } = this.#regions;
    const record = this.#doubles(out, 3).fill(0);
    this.#kernels.findMasked(mask, codes, count, maskBits.unknown, out);
    faults.add('unknown-label', -1, record, (code) => String(this.codes.labelOf(code)));
  }

  #readScores(count: number, faults: FaultLog): void {
    const { predictions, scores, codes, out } = this.#regions;
    const { scores: kind, clamp, probabilityTolerance, channels, channelCount } = this.#settings;
    this.#input.predictions.forEach((encoding, channel) => {
      const address = predictions[channel]!;
      this.#orderBytes(address, count, encoding);
      const { datatype, slope, intercept } = encoding;
      const target = scores[channel]!;
      this.#kernels.convertScores(datatypeCodes[datatype], address, count, slope, intercept, target);
      const record = this.#doubles(out, 10).fill(0);
      record[9] = Number.POSITIVE_INFINITY;
      const logit = kind === 'logit';
      this.#kernels.gateScores(
        target,
        codes,
        count,
        logit ? 1 : 0,
        probabilityTolerance,
        clamp ? 1 : 0,
        this.codes.ignored(this.#settings.ignoreLabel),
        out,
      );
      faults.add('not-finite', channel, record.subarray(0, 3));
      faults.add('out-of-range', channel, record.subarray(3, 6));
      faults.add('moved', channel, record.subarray(6, 9));
      this.#leastScore = Math.min(this.#leastScore, record[9]);
      if (logit && channels === 'exclusive' && channelCount > 1) {
        faults.addLarge(
          channel,
          new Float32Array(this.#kernels.memory.buffer, target, count),
          maxExclusiveLogit,
        );
      }
    });
  }

  /** Moves what is not ignored together in all arrays; returns how many voxels are left. */
  dropIgnored(count: number): number {
    const { mask, codes, scores, labels } = this.#regions;
    const bit = maskBits.ignored;
    let kept = count;
    if (this.#settings.scores === 'label') kept = this.#kernels.compact(mask, count, bit, labels, 2);
    else for (const address of scores) kept = this.#kernels.compact(mask, count, bit, address, 4);
    this.#kernels.compact(mask, count, bit, codes, 2);
    return kept;
  }
}
