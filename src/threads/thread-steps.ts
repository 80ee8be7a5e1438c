/**
 * The pieces of work that need a processor: each is a function of the run's folder, of the volumes and of its arguments,
 * and writes only whole files that are named by what they are of. Doing one again changes nothing. They run in the
 * threads of either engine (workers/step-thread.ts).
 */
import { mkdirSync } from 'node:fs';
import { type Box, voxelCount } from '../base/box.ts';
import { PartialError } from '../base/errors.ts';
import { type TileGrid, tileBox, tileGrid } from '../base/tile-grid.ts';
import { writeWhole } from '../base/write-whole.ts';
import { type Kernels, loadKernels } from '../kernels/kernels.ts';
import { slabBoxes, slabsOf } from '../measures/box-errors/boxes.ts';
import { quantityOf } from '../measures/quantities.ts';
import type { CasePlace } from '../measures/quantity.ts';
import type { RangeJob } from '../measures/sorted-errors/ranges.ts';
import { keyCutter, mergeRange } from '../measures/sorted-errors/row.ts';
import { eachShard, ShardFile } from '../measures/sorted-errors/shard/file.ts';
import { addSurveys, surveyFile } from '../measures/sorted-errors/survey.ts';
import { walkRange } from '../measures/sorted-errors/walk-range.ts';
import { sumRuns } from '../measures/terms/sum-runs.ts';
import { TileScorer } from '../measures/tile/tile-scorer.ts';
import type { DataRoots } from '../run/data-roots.ts';
import { boxesOfBundle, bundleCount, tilesOfBundle } from '../run/plan/bundles.ts';
import { type CasePlan, channelHeaders, voxelBytes } from '../run/plan/case-plan.ts';
import { RunFolder } from '../run/run-folder.ts';
import { checkedTile, encodeTile, ofAnother, TileCollector } from '../run/tile-partial.ts';
import type { RunSettings } from '../settings/run-settings.ts';
import { openRaw } from '../volumes/raw-source.ts';
import { readPrediction } from '../volumes/read-prediction.ts';
import { datatypeBytes, type VolumeSource } from '../volumes/types.ts';
import type { JobStep, OpenedCase, Step, TilesDone } from './steps.ts';

/** Sources and a scorer are kept for the next tile of the same case. */
interface OpenCase {
  readonly plan: CasePlan;
  /** The boxes by which its errors are listed, where they are thinner than tiles. */
  readonly slabGrid: TileGrid | undefined;
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
      case 'score-bundle':
        return this.#scoreBundle(step.case, step.bundle, readTile);
      case 'score-buffer':
        return this.#scoreBundle(step.case, step.bundle, tilesIn(new Uint8Array(step.bytes)));
      case 'open-case':
        return this.#openCase(step.case);
      case 'open-shards':
        return this.#openShards(step.files);
      case 'merge-range':
        // The merger lays the kernel memory out anew.
        this.#closeCase();
        return mergeRange(this.#kernel, step.files, step.job, step.evaluate, step.target);
      case 'case-job':
        return this.#doJob(step);
      case 'sum-runs':
        // It lays the kernel memory out anew.
        this.#closeCase();
        return Array.from(eachShard([step.file]), (file) => sumRuns(this.#kernel, file, step.request))[0];
      case 'survey-shards':
        return addSurveys(Array.from(eachShard(step.files), (file) => surveyFile(file, step.class)));
      case 'walk-scores':
        this.#closeCase();
        return walkRange(this.#kernel, step.files, step.request);
    }
  }

  #enter(root: string): void {
    if (this.#folder?.root === root) return;
    this.#closeCase();
    this.#dataRoots?.guard(root);
    const folder = new RunFolder(root);
    // Entered once they are read: a thread that could not read them tries again with its next step.
    this.#folder = undefined;
    this.#settings = folder.readSettings();
    this.#folder = folder;
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
    const input = {
      predictions: channelHeaders(plan.predictions),
      reference: plan.reference,
      shape: plan.shape,
    };
    const raw = plan.mode === 'tiles';
    this.#open = {
      plan,
      slabGrid: slabBoxes(plan, this.#settings!.classes.length),
      scorer: new TileScorer(this.#kernel, this.#settings!, input, voxelCount(grid.tileShape)),
      predictions: raw ? plan.predictions.map((header) => openRaw(header)) : [],
      reference: raw ? openRaw(plan.reference) : null,
    };
    mkdirSync(this.#folder!.tiles(index), { recursive: true });
    return this.#open;
  }

  /** Scores the tiles of a bundle, each when the one before is written, and stores them as one file. */
  #scoreBundle(index: number, bundle: number, read: ReadTile): TilesDone {
    const begin = performance.now();
    const open = this.#enterCase(index);
    const tiles = tilesOfBundle(open.plan, bundle);
    const boxes = boxesOfBundle(open.plan, bundle);
    const voxels = boxes.reduce((sum, { shape }) => sum + voxelCount(shape), 0);
    const shards = function* () {
      let before = 0;
      for (const [i, tile] of tiles.entries()) {
        const box = boxes[i]!;
        read(open, box, { before, all: voxels });
        before += voxelCount(box.shape);
        yield* encodeTile(index, tile, box, open.scorer.score(box, slabsOf(open.slabGrid, box)));
      }
    };
    writeWhole(this.#folder!.bundle(index, bundle), shards());
    return {
      tiles: tiles.length,
      voxels,
      bytes: voxels * voxelBytes(open.plan),
      seconds: (performance.now() - begin) / 1000,
    };
  }

  /** Checks that every tile of the plan is there and has each row collect its partials. */
  #openCase(index: number): OpenedCase {
    const folder = this.#folder!;
    const plan = folder.readPlan(index);
    const grid = tileGrid(plan.shape, plan.tileShape);
    const place = placeOfCase(folder, this.#settings!, plan, () => {
      this.#closeCase();
      return this.#kernel;
    });
    const collector = new TileCollector(place);
    let voxels = 0;
    for (let bundle = 0; bundle < bundleCount(plan); bundle++) {
      const tiles = tilesOfBundle(plan, bundle).values();
      for (const shard of ShardFile.each(folder.bundle(index, bundle))) {
        const tile = tiles.next().value ?? grid.length;
        const box = tileBox(grid, tile);
        const stored = checkedTile(shard, index, tile, box);
        voxels += stored.gate.voxels + stored.gate.ignored;
        collector.add(box, stored, shard.path);
      }
      const next = tiles.next();
      if (!next.done) throw ofAnother(folder.bundle(index, bundle));
    }
    if (voxels !== voxelCount(plan.shape)) {
      throw new PartialError(
        'coverage',
        `case ${index}: the tiles hold ${voxels} voxels of ${voxelCount(plan.shape)}`,
      );
    }
    return collector.done();
  }

  #doJob({ case: index, quantity, job, target }: JobStep): unknown {
    const folder = this.#folder!;
    const plan = folder.readPlan(index);
    // Jobs lay the kernel memory out anew.
    this.#closeCase();
    return quantityOf(quantity).work!(job, {
      kernels: this.#kernel,
      settings: this.#settings!,
      files: Array.from({ length: bundleCount(plan) }, (_, bundle) => folder.bundle(index, bundle)),
      kept: folder.keptOf(index, quantity),
      target,
    });
  }

  #openShards(paths: readonly string[]): RangeJob[] {
    const cut = keyCutter(this.#settings!);
    for (const file of eachShard(paths)) cut.add(file);
    return cut.jobs();
  }
}

function placeOfCase(
  folder: RunFolder,
  settings: RunSettings,
  plan: CasePlan,
  kernels: () => Kernels,
): CasePlace {
  const { spacingMm, voxelMm3, affine } = plan.reference;
  return {
    index: plan.index,
    settings,
    shape: plan.shape,
    tileShape: plan.tileShape,
    spacingMm,
    voxelMm3,
    affine,
    kernels,
    kept: (quantity) => folder.keptOf(plan.index, quantity),
  };
}

/** Puts the stored bytes of a tile where the scorer takes them. `voxels`: of the bundle's tiles before it, and of all. */
type ReadTile = (open: OpenCase, box: Box, voxels: { readonly before: number; readonly all: number }) => void;

/** From raw files. */
const readTile: ReadTile = ({ plan, scorer, predictions, reference }, box) => {
  const targets = scorer.targets(voxelCount(box.shape));
  reference!.readBox(0, box, targets.reference);
  let channel = 0;
  for (const source of predictions) {
    for (let own = 0; own < source.header.channels; own++) {
      readPrediction(source, own, plan.mapping, box, targets.predictions[channel++]!);
    }
  }
};

/** From the stored bytes of a whole bundle: each channel's, then the reference's. */
function tilesIn(bytes: Uint8Array): ReadTile {
  return ({ plan, scorer }, box, { before, all }) => {
    const targets = scorer.targets(voxelCount(box.shape));
    const headers = [...channelHeaders(plan.predictions), plan.reference];
    let at = 0;
    for (const [i, target] of [...targets.predictions, targets.reference].entries()) {
      const size = datatypeBytes[headers[i]!.datatype];
      target.set(bytes.subarray(at + before * size, at + before * size + target.length));
      at += all * size;
    }
  };
}
