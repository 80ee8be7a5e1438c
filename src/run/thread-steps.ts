/**
 * The pieces of work that need a processor: each is a function of the run's folder, of the volumes and of its arguments,
 * and writes only whole files that are named by what they are of. Doing one again changes nothing. They run in the
 * threads of either engine (workers/step-thread.ts).
 */
import { existsSync, mkdirSync } from 'node:fs';
import * as z from 'zod';
import { type RunSumRequest, sumRuns } from '../ask/sum-runs.ts';
import { addSurveys, surveyFile } from '../curves/survey.ts';
import { type WalkRequest, walkRange } from '../curves/walk-range.ts';
import { PartialError } from '../errors.ts';
import { type Kernels, loadKernels } from '../kernels/kernels.ts';
import { type CasePlan, encodings, voxelBytes } from '../plan/case-plan.ts';
import { type TileGrid, tileBox, tileGrid } from '../plan/tile-grid.ts';
import { type BucketSums, Merger } from '../reduce/merger.ts';
import { addBuckets, cutRanges, emptyHistogram, type RangeJob } from '../reduce/ranges.ts';
import { checkConfusion } from '../score/confusion-counter.ts';
import { TileScorer } from '../score/tile-scorer.ts';
import { type SectionContent, ShardFile, writeShardFile } from '../shard/file.ts';
import { tallySchema } from '../tally/serialise.ts';
import { emptyTally, mergeTallies, type Tally } from '../tally/tally.ts';
import type { CaseErrors } from '../tile-errors/case-errors.ts';
import { ErrorSums } from '../tile-errors/error-sums.ts';
import { openRaw } from '../volume/raw-source.ts';
import type { VolumeSource } from '../volume/types.ts';
import { type Box, voxelCount } from '../voxel/box.ts';
import type { DataRoots } from './data-roots.ts';
import { readPrediction } from './read-prediction.ts';
import { RunFolder } from './run-folder.ts';
import { needsShards, predictsLabels, type RunSettings } from './settings.ts';

/** What is done in a thread, with its arguments. Paths are those of files in the run's folder. */
export type Step =
  | {
      readonly kind: 'score-tile';
      readonly root: string;
      readonly case: number;
      readonly tile: number;
      /** This many tiles from `tile` on, but for those that are there already; 1 unless told. */
      readonly tiles?: number;
    }
  | {
      readonly kind: 'score-buffer';
      readonly root: string;
      readonly case: number;
      readonly tile: number;
      /** Stored bytes of the tile: each channel's, then the reference's. */
      readonly bytes: SharedArrayBuffer;
    }
  | { readonly kind: 'open-case'; readonly root: string; readonly case: number }
  | { readonly kind: 'open-shards'; readonly root: string; readonly files: readonly string[] }
  | {
      readonly kind: 'merge-range';
      readonly root: string;
      readonly files: readonly string[];
      readonly job: RangeJob;
      /** Evaluate the sorted losses. */
      readonly evaluate: boolean;
      /** Write the merged shard there. */
      readonly target: string | null;
    }
  | {
      readonly kind: 'sum-runs';
      readonly root: string;
      readonly file: string;
      readonly request: RunSumRequest;
    }
  | {
      readonly kind: 'survey-shards';
      readonly root: string;
      readonly files: readonly string[];
      readonly class: number;
    }
  | {
      readonly kind: 'walk-scores';
      readonly root: string;
      readonly files: readonly string[];
      readonly request: WalkRequest;
    };

export interface TileDone {
  readonly voxels: number;
  readonly bytes: number;
}

export interface OpenedCase {
  readonly tally: Tally;
  readonly jobs: readonly RangeJob[];
  readonly errors: CaseErrors;
}

/** What a tile's partial file says of itself. */
export const aboutTile = z.object({
  case: z.number().int(),
  tile: z.number().int(),
  box: z.object({ origin: z.array(z.number().int()), shape: z.array(z.number().int()) }),
  tally: z.unknown(),
});

/** Sources and a scorer are kept for the next tile of the same case. */
interface OpenCase {
  readonly plan: CasePlan;
  readonly grid: TileGrid;
  readonly scorer: TileScorer;
  readonly predictions: readonly VolumeSource[];
  readonly reference: VolumeSource | null;
}

/** The state of one thread. */
export class StepRunner {
  #kernels: Kernels | undefined;
  #folder: RunFolder | undefined;
  #settings: RunSettings | undefined;
  #open: OpenCase | undefined;
  readonly #dataRoots: DataRoots | undefined;

  constructor(dataRoots?: DataRoots) {
    this.#dataRoots = dataRoots;
  }

  run(step: Step): unknown {
    this.#enter(step.root);
    switch (step.kind) {
      case 'score-tile':
        return step.tiles === undefined
          ? this.#scoreTile(step.case, step.tile)
          : this.#scoreTiles(step.case, step.tile, step.tiles);
      case 'score-buffer':
        return this.#scoreBuffer(step.case, step.tile, new Uint8Array(step.bytes));
      case 'open-case':
        return this.#openCase(step.case);
      case 'open-shards':
        return this.#openShards(step.files);
      case 'merge-range':
        return this.#mergeRange(step.files, step.job, step.evaluate, step.target);
      case 'sum-runs':
        // It lays the kernel memory out anew.
        this.#closeCase();
        return Array.from(eachFile([step.file]), (file) => sumRuns(this.#kernel, file, step.request))[0];
      case 'survey-shards':
        return addSurveys(Array.from(eachFile(step.files), (file) => surveyFile(file, step.class)));
      case 'walk-scores':
        this.#closeCase();
        return walkRange(this.#kernel, step.files, step.request);
    }
  }

  #enter(root: string): void {
    if (this.#folder?.root === root) return;
    this.#closeCase();
    this.#folder = new RunFolder(root);
    this.#settings = this.#folder.readSettings();
  }

  get #kernel(): Kernels {
    this.#kernels ??= loadKernels();
    return this.#kernels;
  }

  #closeCase(): void {
    for (const source of this.#open?.predictions ?? []) source.close();
    this.#open?.reference?.close();
    this.#open = undefined;
  }

  #enterCase(index: number): OpenCase {
    if (this.#open?.plan.index === index) return this.#open;
    this.#closeCase();
    const plan = this.#folder!.readPlan(index);
    this.#dataRoots?.checkPlan(plan, this.#folder!.root);
    const grid = tileGrid(plan.shape, plan.tileShape);
    const input = { predictions: encodings(plan.predictions), reference: plan.reference, shape: plan.shape };
    const raw = plan.mode === 'tiles';
    this.#open = {
      plan,
      grid,
      scorer: new TileScorer(this.#kernel, this.#settings!, input, voxelCount(grid.tileShape)),
      predictions: raw ? plan.predictions.map((header) => openRaw(header)) : [],
      reference: raw ? openRaw(plan.reference) : null,
    };
    mkdirSync(this.#folder!.tiles(index), { recursive: true });
    return this.#open;
  }

  #scoreTiles(index: number, first: number, tiles: number): TileDone {
    let [voxels, bytes] = [0, 0];
    for (let tile = first; tile < first + tiles; tile++) {
      if (existsSync(this.#folder!.tile(index, tile))) continue;
      const done = this.#scoreTile(index, tile);
      voxels += done.voxels;
      bytes += done.bytes;
    }
    return { voxels, bytes };
  }

  #scoreTile(index: number, tile: number): TileDone {
    const open = this.#enterCase(index);
    const box = tileBox(open.grid, tile);
    const targets = open.scorer.targets(voxelCount(box.shape));
    open.reference!.readBox(0, box, targets.reference);
    let channel = 0;
    for (const source of open.predictions) {
      for (let own = 0; own < source.header.channels; own++) {
        readPrediction(source, own, open.plan, box, targets.predictions[channel++]!);
      }
    }
    return this.#scoreAndWrite(open, tile, box);
  }

  #scoreBuffer(index: number, tile: number, bytes: Uint8Array): TileDone {
    const open = this.#enterCase(index);
    const box = tileBox(open.grid, tile);
    const targets = open.scorer.targets(voxelCount(box.shape));
    let at = 0;
    for (const target of [...targets.predictions, targets.reference]) {
      target.set(bytes.subarray(at, at + target.length));
      at += target.length;
    }
    return this.#scoreAndWrite(open, tile, box);
  }

  #scoreAndWrite(open: OpenCase, tile: number, box: Box): TileDone {
    const { tally, sections } = open.scorer.score(box);
    const about = { case: open.plan.index, tile, box, tally };
    writeShardFile(this.#folder!.tile(open.plan.index, tile), about, sections);
    const voxels = voxelCount(box.shape);
    return { voxels, bytes: voxels * voxelBytes(open.plan) };
  }

  /** Checks that every tile of the plan is there, adds the tallies and cuts the keys into ranges. */
  #openCase(index: number): OpenedCase {
    const folder = this.#folder!;
    const plan = folder.readPlan(index);
    const grid = tileGrid(plan.shape, plan.tileShape);
    const settings = this.#settings!;
    let tally = emptyTally(settings.classes.length, settings.terms.length);
    let voxels = 0;
    const paths = Array.from({ length: grid.length }, (_, tile) => folder.tile(index, tile));
    const errors = new ErrorSums(settings, plan);
    const cut = this.#cutter();
    let tile = 0;
    for (const file of eachFile(paths)) {
      const part = checkedTally(file, index, tile, tileBox(grid, tile));
      voxels += part.voxels + part.ignored;
      tally = mergeTallies(tally, part);
      errors.add(tileBox(grid, tile), part);
      cut.add(file);
      tile++;
    }
    if (voxels !== voxelCount(plan.shape)) {
      throw new PartialError(
        'coverage',
        `case ${index}: the tiles hold ${voxels} voxels of ${voxelCount(plan.shape)}`,
      );
    }
    checkConfusion(tally.confusion);
    const jobs = tally.faults.some((fault) => fault.kind !== 'moved') ? [] : cut.jobs();
    return { tally, jobs, errors: errors.list() };
  }

  #openShards(paths: readonly string[]): RangeJob[] {
    const cut = this.#cutter();
    for (const file of eachFile(paths)) cut.add(file);
    return cut.jobs();
  }

  /** Counts the keys of files, one after the other, and cuts them into ranges. */
  #cutter() {
    const settings = this.#settings!;
    const logit = settings.scores === 'logit' && !predictsLabels(settings);
    const histograms = needsShards(settings) ? settings.classes.map(() => emptyHistogram()) : [];
    return {
      add: (file: ShardFile) => {
        for (const [i, histogram] of histograms.entries()) addBuckets(histogram, file, i);
      },
      jobs: () => histograms.flatMap((histogram, i) => cutRanges(histogram, i, logit)),
    };
  }

  #mergeRange(
    paths: readonly string[],
    job: RangeJob,
    evaluate: boolean,
    target: string | null,
  ): readonly BucketSums[] {
    const merger = new Merger(this.#kernel);
    // The merger lays the kernel memory out anew.
    this.#closeCase();
    const merged = merger.merge(eachFile(paths), job.range, evaluate ? job.context : null, target !== null);
    if (target !== null) writeShardFile(target, { range: job.range }, merged.sections as SectionContent[]);
    return merged.sums;
  }
}

/** The tally of a tile's partial. @throws PartialError when it is of another tile or plan */
function checkedTally(file: ShardFile, caseIndex: number, tile: number, box: Box): Tally {
  const about = aboutTile.parse(file.about);
  if (
    about.case !== caseIndex ||
    about.tile !== tile ||
    String(about.box.origin) !== String(box.origin) ||
    String(about.box.shape) !== String(box.shape)
  ) {
    throw new PartialError(
      'partial-of-another',
      `${file.path} is of another tile or plan; it is made again`,
      {
        file: file.path,
      },
    );
  }
  return tallySchema.parse(about.tally);
}

/** The files, each open while it is at hand: a case may have more tiles than a process may have open files. */
function* eachFile(paths: readonly string[]): Generator<ShardFile> {
  for (const path of paths) {
    const file = ShardFile.open(path);
    try {
      yield file;
    } finally {
      file.close();
    }
  }
}
