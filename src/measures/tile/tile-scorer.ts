/**
 * Scores the voxels of one tile in kernel memory: stored bytes in, a tally and a shard for each class out. Knows no
 * files and no queue. One a thread; the views that it hands out are valid until its next call.
 */

import { type Box, voxelCount } from '../../base/box.ts';
import { type Kernels, Layout } from '../../kernels/kernels.ts';
import { readWideSum, wideSumBytes } from '../../kernels/wide-sums.ts';
import { sumTolerance } from '../../settings/channel-sums.ts';
import {
  decidesByChannel,
  needsShards,
  predictsLabels,
  type RunSettings,
} from '../../settings/run-settings.ts';
import { datatypeBytes } from '../../volumes/types.ts';
import { type BoxSums, boxWidth, LabelSums, writeScoreSums } from '../box-errors/box-sums.ts';
import { ConfusionCounter, type LabelPairs } from '../confusion/confusion-counter.ts';
import { bucketCount, entryLength } from '../sorted-errors/shard/directory.ts';
import type { SectionContent } from '../sorted-errors/shard/file.ts';
import { type ClassTally, emptyTally, type Tally, type TermSum } from '../tally/tally.ts';
import { termRow, termRowLength } from '../terms/term-row.ts';
import { channelTable, classLut } from './codes.ts';
import { FaultLog } from './fault-log.ts';
import { type LabelCodes, smallLabels } from './label-codes.ts';
import { layOutTile, type TileRegions } from './memory.ts';
import { hardThreshold } from './threshold.ts';
import { TileGate } from './tile-gate.ts';
import { type TileInput, tileNeeds } from './tile-input.ts';

export interface TileScores {
  readonly tally: Tally;
  /** Errors by slab; undefined where the tile is one, or has too many labels for that. */
  readonly slabs: BoxSums | undefined;
  readonly sections: readonly SectionContent[];
}

export class TileScorer {
  readonly #kernels: Kernels;
  readonly #settings: RunSettings;
  readonly #input: TileInput;
  readonly #regions: TileRegions;
  readonly #gate: TileGate;
  readonly #confusion: ConfusionCounter;
  readonly #labelSums: LabelSums;
  readonly #classLuts: readonly Uint8Array[];
  readonly #threshold: number;
  #channelTableOf: LabelCodes | undefined;
  /** How far from 1 the channels of a voxel may add up; nothing is asked of logits. */
  readonly #sumTolerance: number;

  /** Lays the kernel memory out anew: scorers made before on the same kernels must not be used any more. */
  constructor(kernels: Kernels, settings: RunSettings, input: TileInput, maxVoxels: number) {
    this.#kernels = kernels;
    this.#settings = settings;
    this.#input = input;
    const layout = new Layout(kernels.memory);
    this.#regions = layOutTile(layout, tileNeeds(settings, input, maxVoxels));
    this.#confusion = new ConfusionCounter(kernels, this.#regions);
    this.#labelSums = new LabelSums(settings);
    this.#classLuts = settings.classes.map(({ labels }) =>
      classLut(labels, settings.ignoreLabel, smallLabels),
    );
    this.#threshold = hardThreshold(settings.threshold, this.#logit === 1);
    this.#sumTolerance =
      settings.scores === 'probability' ? sumTolerance(input.predictions) : Number.POSITIVE_INFINITY;
    this.#gate = new TileGate(kernels, settings, input, this.#regions);
    this.#writeTables();
    // Kernels take them as zero and leave them zero; a merge in this thread, or another layout, has left its own there.
    this.#view(this.#regions.cells, 8 * bucketCount).fill(0);
    this.#view(this.#regions.bitmap, 8192).fill(0);
  }

  /** Where to put the stored bytes of a tile of `voxels` voxels: each channel's and the reference's. */
  targets(voxels: number): { predictions: Uint8Array[]; reference: Uint8Array } {
    return {
      predictions: this.#input.predictions.map(({ datatype }, channel) =>
        this.#view(this.#regions.predictions[channel]!, voxels * datatypeBytes[datatype]),
      ),
      reference: this.#view(this.#regions.reference, voxels * datatypeBytes[this.#input.reference.datatype]),
    };
  }

  /**
   * Scores the tile whose stored bytes stand in `targets(voxelCount(box.shape))`; `slabs` are parts of it behind each
   * other. They change no bit of the tally.
   */
  score(box: Box, slabs: readonly Box[] = [box]): TileScores {
    const faults = new FaultLog(box, this.#input.shape);
    const total = voxelCount(box.shape);
    const count = this.#gate.read(total, faults);
    this.#writeChannelTable();
    const stored = slabs.map(({ shape }) => voxelCount(shape));
    const kept = count === total ? stored : this.#gate.keptOf(stored);

    let tally: Tally = {
      ...emptyTally(this.#settings.classes.length, this.#settings.terms.length),
      voxels: count,
      ignored: total - count,
      faults: faults.list,
      leastScore: this.#gate.leastScore,
    };
    // Sums over voxels that must not be scored mean nothing; the case fails by its faults.
    if (faults.fatal) return { tally, slabs: undefined, sections: [] };
    if (this.#settings.scores === 'label') return { ...this.#scoreLabels(tally, kept, faults), sections: [] };
    if (predictsLabels(this.#settings)) {
      tally = { ...tally, confusion: this.#countConfusion([count], faults).confusion };
      if (faults.fatal) return { tally: { ...tally, faults: faults.list }, slabs: undefined, sections: [] };
      tally = { ...tally, crossEntropy: this.#crossEntropy(count) };
    }

    const classes: ClassTally[] = [];
    const sections: SectionContent[] = [];
    const slabSums = kept.length > 1 ? this.#emptySums(kept) : undefined;
    for (let index = 0; index < this.#settings.classes.length; index++) {
      const scores = this.#classScores(index, count);
      this.#maskClass(index, count);
      classes.push(this.#sumTerms(index, scores, kept, slabSums?.values));
      if (needsShards(this.#settings)) sections.push(...this.#makeShard(index, scores, count));
    }
    return { tally: { ...tally, classes }, slabs: slabSums, sections };
  }

  #scoreLabels(tally: Tally, kept: readonly number[], faults: FaultLog): Pick<TileScores, 'tally' | 'slabs'> {
    const { confusion, slabs } = this.#countConfusion(kept, faults);
    return {
      tally: { ...tally, confusion },
      slabs: slabs.length > 0 ? this.#labelSums.of(confusion, slabs) : undefined,
    };
  }

  /** The sums of slabs of so many voxels, yet 0. */
  #emptySums(slabs: readonly number[]): BoxSums {
    const { classes } = this.#settings;
    const width = boxWidth(classes.length);
    const values = new Float64Array(slabs.length * width);
    for (const [slab, voxels] of slabs.entries()) values[slab * width] = voxels;
    return { keys: [...classes.keys()], values };
  }

  #view(address: number, bytes: number): Uint8Array {
    return new Uint8Array(this.#kernels.memory.buffer, address, bytes);
  }

  #doubles(address: number, length: number): Float64Array {
    return new Float64Array(this.#kernels.memory.buffer, address, length);
  }

  #writeTables(): void {
    const { terms, channelList, scores } = this.#regions;
    const rows = this.#doubles(terms, termRowLength * this.#settings.terms.length);
    rows.set(this.#settings.terms.flatMap((spec) => termRow(spec, this.#kernels)));
    new Uint32Array(this.#kernels.memory.buffer, channelList, scores.length).set(scores);
  }

  /** The channel of each code, where the codes of a tile stand for other labels than those of the one before. */
  #writeChannelTable(): void {
    const { codes } = this.#gate;
    if (this.#channelTableOf === codes) return;
    this.#channelTableOf = codes;
    const { channelLabels, ignoreLabel } = this.#settings;
    const table = new Uint16Array(this.#kernels.memory.buffer, this.#regions.channelOf, bucketCount);
    table.set(channelTable(channelLabels, ignoreLabel, codes));
  }

  #maskClass(index: number, count: number): void {
    const { labels } = this.#settings.classes[index]!;
    if (!this.#gate.plainReference) {
      const { codes } = this.#gate;
      const table =
        codes === smallLabels ? this.#classLuts[index]! : classLut(labels, this.#settings.ignoreLabel, codes);
      this.#gate.mask(table, count);
      return;
    }
    const { reference, lut, mask } = this.#regions;
    const stored = labels === 'positive' ? [] : labels.filter((label) => label >= 0 && label <= 255);
    this.#view(lut, stored.length).set(stored);
    if (labels !== 'positive' && stored.length === 0) this.#view(mask, count).fill(0);
    else this.#kernels.maskFromBytes(reference, count, lut, stored.length, mask);
  }

  /** Predicted labels (of the largest channel unless they were read) against reference labels. */
  #countConfusion(slabs: readonly number[], faults: FaultLog): LabelPairs {
    const { labels, codes, channelList, scratch, out } = this.#regions;
    const { buffer } = this.#kernels.memory;
    if (this.#settings.scores !== 'label') {
      const { channelCount, channelLabels } = this.#settings;
      const own = channelLabels.map((label) => this.#gate.codes.codeOf(label)!);
      new Uint16Array(buffer, scratch, channelCount).set(own);
      const count = slabs.reduce((sum, voxels) => sum + voxels, 0);
      const record = this.#doubles(out, 3).fill(0);
      const tolerance = this.#sumTolerance;
      this.#kernels.decideChannels(channelList, channelCount, count, scratch, labels, tolerance, out);
      if (record[0]! > 0) {
        record[1] = this.#gate.storedPlace(record[1]!);
        faults.add('sum-not-one', 0, record);
      }
    }
    return this.#confusion.count(codes, labels, slabs, this.#gate.codes);
  }

  /** Sums the cross-entropy; of logits it leaves the softmax in place of the channels. */
  #crossEntropy(count: number): Tally['crossEntropy'] {
    const { channelList, codes, channelOf, out } = this.#regions;
    const { channelCount, scores, crossEntropyClip } = this.#settings;
    this.#view(out, 16 + wideSumBytes).fill(0);
    if (scores === 'logit') this.#kernels.softmax(channelList, channelCount, codes, channelOf, count, out);
    else
      this.#kernels.crossEntropyOfProbabilities(channelList, codes, channelOf, count, crossEntropyClip, out);
    const { buffer } = this.#kernels.memory;
    return { voxels: Number(new BigInt64Array(buffer, out, 1)[0]), sum: readWideSum(buffer, out + 16) };
  }

  /** Address of a class's scores: its channel's, or the sum of its channels' probabilities. */
  #classScores(index: number, count: number): number {
    const { channels } = this.#settings.classes[index]!;
    const { scores, sum, channelList } = this.#regions;
    if (channels.length === 1) return scores[channels[0]!]!;
    const list = channelList + 4 * scores.length;
    new Uint32Array(this.#kernels.memory.buffer, list, channels.length).set(
      channels.map((channel) => scores[channel]!),
    );
    this.#kernels.sumChannels(list, channels.length, count, sum);
    return sum;
  }

  /** Whether scores are logits once channels that compete have gone through the softmax. */
  get #logit(): number {
    return this.#settings.scores === 'logit' && !predictsLabels(this.#settings) ? 1 : 0;
  }

  /** Sums a class over the tile, slab by slab, and writes what came with each slab to `slabSums`. */
  #sumTerms(
    index: number,
    scores: number,
    slabs: readonly number[],
    slabSums: Float64Array | undefined,
  ): ClassTally {
    const { mask, terms, out, labels } = this.#regions;
    const runClass = this.#settings.classes[index]!;
    const byChannel = decidesByChannel(this.#settings, runClass);
    // Above infinity lies nothing: the hard counts come from the predicted labels then.
    const threshold = byChannel ? Number.POSITIVE_INFINITY : this.#threshold;
    const label = byChannel
      ? this.#gate.codes.codeOf(this.#settings.channelLabels[runClass.channels[0]!]!)!
      : 0;
    const termCount = this.#settings.terms.length;
    const { buffer } = this.#kernels.memory;
    this.#view(out, 32 + 2 * wideSumBytes * (1 + termCount)).fill(0);
    const counts = new BigInt64Array(buffer, out, 3);
    /** Of the error (0), or of a term (from 1 on). */
    const sum = (index: number): TermSum => {
      const at = out + 32 + 2 * wideSumBytes * index;
      return { all: readWideSum(buffer, at), foreground: readWideSum(buffer, at + wideSumBytes) };
    };
    const soFar = () => ({
      foreground: Number(counts[0]),
      hardTp: Number(counts[1]),
      hardFp: Number(counts[2]),
      error: sum(0),
    });
    const width = boxWidth(this.#settings.classes.length);
    let before: ReturnType<typeof soFar> | undefined;
    let at = 0;
    for (const [slab, voxels] of slabs.entries()) {
      const [score, side] = [scores + 4 * at, mask + at];
      this.#kernels.sumTerms(score, side, voxels, this.#logit, threshold, terms, termCount, out);
      if (byChannel) this.#kernels.countLabel(labels + 2 * at, label, side, voxels, out);
      at += voxels;
      if (!slabSums) continue;
      const now = soFar();
      writeScoreSums(slabSums, slab * width + boxWidth(index), now, before);
      before = now;
    }
    return { ...soFar(), terms: this.#settings.terms.map((_, term) => sum(1 + term)) };
  }

  /** Both sides of a class's shard. */
  #makeShard(index: number, scores: number, count: number): SectionContent[] {
    const { mask, counts, offsets, entries, cells, bitmap, scratch, payloads } = this.#regions;
    const keys = payloads[index]!;
    const logit = this.#logit;
    this.#view(counts, 8 * bucketCount).fill(0);
    this.#kernels.countBuckets(scores, mask, count, logit, counts);
    this.#kernels.prefixSums(counts, offsets);
    const background = new Uint32Array(this.#kernels.memory.buffer, offsets, 2 * bucketCount)[bucketCount]!;
    this.#kernels.placeKeys(scores, mask, count, logit, offsets, keys);
    return ([0, 1] as const).map((side) => {
      const start = keys + (side === 1 ? 2 * background : 0);
      const sideCounts = counts + 4 * bucketCount * side;
      const entryCount = this.#kernels.encodeSide(sideCounts, start, start, entries, cells, bitmap, scratch);
      const list = new Uint32Array(this.#kernels.memory.buffer, entries, entryLength * entryCount).slice();
      let bytes = 0;
      for (let i = 3; i < list.length; i += entryLength) bytes += list[i]!;
      return { class: index, side, entries: list, entryCount, payload: this.#view(start, bytes) };
    });
  }
}
