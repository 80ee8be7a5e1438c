/**
 * Scores the voxels of one tile in kernel memory: stored bytes in, a partial of each row out. Knows no files, no queue and
 * no row by name. One a thread; the views that it hands out are valid until its next call.
 */

import { type Box, voxelCount } from '../../base/box.ts';
import { type Kernels, Layout } from '../../kernels/kernels.ts';
import { readWideSum, wideSumBytes } from '../../kernels/wide-sums.ts';
import { sumTolerance } from '../../settings/channel-sums.ts';
import { decidesByChannel, predictsLabels, type RunSettings } from '../../settings/run-settings.ts';
import { datatypeBytes } from '../../volumes/types.ts';
import { ConfusionCounter, type LabelPairs } from '../confusion/confusion-counter.ts';
import { quantitiesOf } from '../quantities.ts';
import type { OneTileMeter, StoredPartial, TileMeter, WriteShard } from '../quantity.ts';
import { bucketCount } from '../sorted-errors/shard/directory.ts';
import type { GateTally, Tally } from '../tally/tally.ts';
import { termRow, termRowLength } from '../terms/term-row.ts';
import { type ClassPass, passClass } from './class-pass.ts';
import { channelTable, classLut, maskBits } from './codes.ts';
import { FaultLog } from './fault-log.ts';
import { type LabelCodes, smallLabels } from './label-codes.ts';
import type { TileRegions } from './memory.ts';
import { hardThreshold } from './threshold.ts';
import { layOutRows, rowBytes } from './tile-bytes.ts';
import { TileGate } from './tile-gate.ts';
import { type TileInput, tileNeeds } from './tile-input.ts';
import type { ClassView, TileView } from './tile-view.ts';

export interface TileScores {
  readonly gate: GateTally;
  /** By the ids of the rows; none of a tile that must not be scored, nor of rows that are finished. */
  readonly partials: ReadonlyMap<string, StoredPartial>;
  /** Of a case that is one tile: the rows that are finished with it. */
  readonly finished: ReadonlyMap<string, ReturnType<OneTileMeter['done']>>;
}

interface Meter {
  readonly id: string;
  readonly meter: TileMeter;
}

/** Stores the shard of a class of a row; null where nobody needs it. */
export type WriteRowShard = (row: string, classIndex: number) => WriteShard | null;

export class TileScorer {
  readonly #kernels: Kernels;
  readonly #settings: RunSettings;
  readonly #input: TileInput;
  readonly #regions: TileRegions;
  readonly #meters: readonly Meter[];
  readonly #gate: TileGate;
  readonly #confusion: ConfusionCounter;
  readonly #classLuts: readonly Uint8Array[];
  readonly #threshold: number;
  #channelTableOf: LabelCodes | undefined;
  /** How far from 1 the channels of a voxel may add up; nothing is asked of logits. */
  readonly #sumTolerance: number;

  /** Lays the kernel memory out anew: scorers made before on the same kernels must not be used any more. */
  constructor(
    kernels: Kernels,
    settings: RunSettings,
    input: TileInput,
    maxVoxels: number,
    rows = quantitiesOf(settings),
  ) {
    this.#kernels = kernels;
    this.#settings = settings;
    this.#input = input;
    const layout = new Layout(kernels.memory);
    const needs = tileNeeds(settings, input, maxVoxels);
    layout.reserve(rowBytes(rows, needs));
    const { regions, rooms } = layOutRows(layout, rows, needs);
    this.#regions = regions;
    const bench = { kernels, layout, settings, input, regions };
    this.#meters = rows.map((row, i) => ({ id: row.id, meter: row.meter(bench, rooms[i]) }));
    this.#confusion = new ConfusionCounter(kernels, regions);
    this.#classLuts = settings.classes.map(({ labels }) =>
      classLut(labels, settings.ignoreLabel, smallLabels),
    );
    this.#threshold = hardThreshold(settings.threshold, this.#logit === 1);
    this.#sumTolerance =
      settings.scores === 'probability' ? sumTolerance(input.predictions) : Number.POSITIVE_INFINITY;
    const wholeTiles = this.#meters.some(({ meter }) => meter.whole !== undefined);
    this.#gate = new TileGate(kernels, settings, input, regions, wholeTiles);
    this.#writeTables();
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
   * Scores the tile whose stored bytes are in `targets(voxelCount(box.shape))`; `slabs` are parts of it behind each
   * other. They change nothing but the errors by slab. `oneTile`: the tile is the whole case, and rows may be finished with it.
   */
  score(box: Box, slabs: readonly Box[] = [box], oneTile?: WriteRowShard): TileScores {
    const faults = new FaultLog(box, this.#input.shape);
    const stored = voxelCount(box.shape);
    const seen = this.#gate.read(stored, faults);
    this.#writeChannelTable();
    if (!faults.fatal) {
      const whole = this.#tileView(box, stored, stored, [stored]);
      for (const { meter } of this.#meters) meter.whole?.(whole);
    }
    const voxels = seen & maskBits.ignored ? this.#gate.dropIgnored(stored) : stored;
    const stores = slabs.map(({ shape }) => voxelCount(shape));
    const tile = this.#tileView(box, stored, voxels, voxels === stored ? stores : this.#gate.keptOf(stores));
    const scored = predictsLabels(this.#settings) && this.#settings.scores !== 'label';
    if (!faults.fatal && scored) this.#decide(voxels, this.#sumTolerance, faults);
    const gate: GateTally = {
      voxels,
      ignored: stored - voxels,
      faults: faults.list,
      leastScore: this.#gate.leastScore,
    };
    // What is measured of voxels that must not be scored means nothing; the case fails by its faults.
    if (faults.fatal) return { gate, partials: new Map(), finished: new Map() };
    const whole = this.#meters.map(
      ({ id, meter }) => oneTile && meter.oneTile?.((classIndex) => oneTile(id, classIndex)),
    );
    // Before the classes: of competing logits this leaves the softmax in place of the channels.
    if (scored) tile.crossEntropy();
    for (let index = 0; index < this.#settings.classes.length && this.#settings.scores !== 'label'; index++) {
      const view = this.#classView(tile, index);
      for (const [i, { meter }] of this.#meters.entries()) (whole[i] ?? meter).class?.(view);
    }
    const partials = new Map<string, StoredPartial>();
    const finished = new Map<string, ReturnType<OneTileMeter['done']>>();
    for (const [i, { id, meter }] of this.#meters.entries()) {
      const own = whole[i];
      if (own) finished.set(id, own.done());
      else partials.set(id, meter.partial(tile));
    }
    return { gate, partials, finished };
  }

  #tileView(box: Box, stored: number, voxels: number, slabs: readonly number[]): TileView {
    let pairs: LabelPairs | undefined;
    let entropy: Tally['crossEntropy'] | undefined;
    const [settings, regions] = [this.#settings, this.#regions];
    return {
      kernels: this.#kernels,
      settings,
      regions,
      box,
      codes: this.#gate.codes,
      stored,
      voxels,
      slabs,
      decideWhole: () => {
        if (predictsLabels(settings) && settings.scores !== 'label')
          this.#decide(stored, Number.POSITIVE_INFINITY);
      },
      pairs: () => {
        const parts = settings.scores === 'label' ? slabs : [voxels];
        pairs ??= this.#confusion.count(regions.codes, regions.labels, parts, this.#gate.codes);
        return pairs;
      },
      crossEntropy: () => {
        entropy ??= this.#crossEntropy(voxels);
        return entropy;
      },
    };
  }

  #classView(tile: TileView, index: number): ClassView {
    const scores = this.#classScores(index, tile.voxels);
    const { mask } = this.#regions;
    this.#maskClass(index, tile.voxels);
    let sums: ClassPass | undefined;
    const pass = () => this.#pass(index, scores, tile.slabs);
    return {
      tile,
      index,
      scores,
      mask,
      logit: this.#logit,
      get sums() {
        sums ??= pass();
        return sums;
      },
    };
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

  /** Gives voxels the label of their largest channel, and checks that their channels add up to 1. */
  #decide(count: number, tolerance: number, faults?: FaultLog): void {
    const { labels, channelList, scratch, out } = this.#regions;
    const { channelCount, channelLabels } = this.#settings;
    const own = channelLabels.map((label) => this.#gate.codes.codeOf(label)!);
    new Uint16Array(this.#kernels.memory.buffer, scratch, channelCount).set(own);
    const record = this.#doubles(out, 3).fill(0);
    this.#kernels.decideChannels(channelList, channelCount, count, scratch, labels, tolerance, out);
    if (record[0]! === 0) return;
    record[1] = this.#gate.storedPlace(record[1]!);
    faults?.add('sum-not-one', 0, record);
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
  get #logit(): 0 | 1 {
    return this.#settings.scores === 'logit' && !predictsLabels(this.#settings) ? 1 : 0;
  }

  #pass(index: number, scores: number, slabs: readonly number[]): ClassPass {
    const { mask, terms, out, labels } = this.#regions;
    const runClass = this.#settings.classes[index]!;
    const byChannel = decidesByChannel(this.#settings, runClass);
    return passClass({
      kernels: this.#kernels,
      scores,
      mask,
      labels,
      terms,
      out,
      slabs,
      logit: this.#logit,
      termCount: this.#settings.terms.length,
      threshold: this.#threshold,
      label: byChannel
        ? this.#gate.codes.codeOf(this.#settings.channelLabels[runClass.channels[0]!]!)!
        : null,
    });
  }
}
