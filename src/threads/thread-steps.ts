/**
 * The pieces of work that need a processor: each is a function of the run's folder, of the volumes and of its arguments,
 * and writes only whole files that are named by what they are of. Doing one again changes nothing. They run in the
 * threads of either engine (workers/step-thread.ts).
 */
import { type Box, voxelCount } from '../base/box.ts';
import { PartialError } from '../base/errors.ts';
import { type TileGrid, tileBox, tileGrid } from '../base/tile-grid.ts';
import { type Kernels, loadKernels } from '../kernels/kernels.ts';
import { slabBoxes, slabsOf } from '../measures/box-errors/boxes.ts';
import { quantityOf } from '../measures/quantities.ts';
import type { CasePlace, WriteShard } from '../measures/quantity.ts';
import { keyCutter, mergeRange } from '../measures/sorted-errors/row.ts';
import { encodeShard, type ShardFile } from '../measures/sorted-errors/shard/file.ts';
import { addSurveys, surveyFile } from '../measures/sorted-errors/survey.ts';
import { walkRange } from '../measures/sorted-errors/walk-range.ts';
import { sumRuns } from '../measures/terms/sum-runs.ts';
import { TileScorer } from '../measures/tile/tile-scorer.ts';
import type { DataRoots } from '../run/data-roots.ts';
import { type OpenStore, openStore } from '../run/open-store.ts';
import { boxesOfBundle, bundleCount, tilesOfBundle } from '../run/plan/bundles.ts';
import { type CasePlan, channelHeaders, voxelBytes } from '../run/plan/case-plan.ts';
import { RunFolder } from '../run/run-folder.ts';
import type { StoreAddress } from '../run/store.ts';
import {
  checkedTile,
  eachShard,
  encodeTile,
  ofAnother,
  type ShardRef,
  TileCollector,
} from '../run/tile-partial.ts';
import type { RunSettings } from '../settings/run-settings.ts';
import { CaseBoxes, roomFor } from '../volumes/case-reader.ts';
import type { JobStep, OpenedCase, OpenedShards, Step, TilesDone } from './steps.ts';

/** Kept for the next tile of the same plan: of the same files, settings, tiles and start of the run. */
interface OpenCase {
  readonly plan: CasePlan;
  /** The boxes by which its errors are listed, where they are thinner than tiles. */
  readonly slabGrid: TileGrid | undefined;
  readonly scorer: TileScorer;
  /** Null where the tiles of the case are not read from raw files. */
  readonly files: CaseBoxes | null;
}

/** The state of one thread. */
export class StepRunner {
  #kernels: Kernels | undefined;
  #start: string | undefined;
  #folder: RunFolder | undefined;
  #settings: RunSettings | undefined;
  #open: OpenCase | undefined;
  readonly #dataRoots: DataRoots | undefined;
  readonly #openStore: OpenStore;

  constructor(dataRoots?: DataRoots, open: OpenStore = openStore) {
    this.#dataRoots = dataRoots;
    this.#openStore = open;
  }

  run(step: Step): unknown {
    this.#enter(step.store);
    switch (step.kind) {
      case 'score-bundle':
        return this.#scoreBundle(step, readTile);
      case 'score-buffer':
        return this.#scoreBundle(step, tilesIn(step.bytes));
      case 'open-case':
        return this.#openCase(step.case, step.plan);
      case 'open-shards':
        return this.#openShards(step.files);
      case 'merge-range':
        // The merger lays the kernel memory out anew.
        this.#closeCase();
        return mergeRange(
          this.#kernel,
          this.#shards(step.files),
          step.job,
          step.evaluate,
          this.#writer(step.target),
        );
      case 'case-job':
        return this.#doJob(step);
      case 'sum-runs':
        // It lays the kernel memory out anew.
        this.#closeCase();
        return Array.from(this.#shards([step.file]), (file) => sumRuns(this.#kernel, file, step.request))[0];
      case 'survey-shards':
        return addSurveys(Array.from(this.#shards(step.files), (file) => surveyFile(file, step.class)));
      case 'walk-scores':
        this.#closeCase();
        return walkRange(this.#kernel, this.#shards(step.files), step.request);
    }
  }

  /** What is held of a run is bound to its start: a later one may have other settings and files. */
  #enter(address: StoreAddress): void {
    const start = JSON.stringify(address);
    if (this.#start === start) return;
    this.#closeCase();
    this.#start = undefined;
    const folder = new RunFolder(this.#openStore(address));
    this.#dataRoots?.guard(folder.path);
    this.#settings = folder.readSettings();
    this.#folder = folder;
    this.#start = start;
  }

  #shards(files: Iterable<ShardRef>): Generator<ShardFile> {
    return eachShard(this.#folder!.store, files);
  }

  get #kernel(): Kernels {
    this.#kernels ??= loadKernels();
    return this.#kernels;
  }

  #closeCase(): void {
    this.#open?.files?.close();
    this.#open = undefined;
  }

  /** @throws PartialError when the case was planned anew since */
  #readPlan(index: number, id: string): CasePlan {
    const folder = this.#folder!;
    const plan = folder.readPlan(index);
    if (plan.id === id) return plan;
    const name = folder.plan(index);
    const file = folder.store.pathOf(name);
    throw new PartialError('plan-of-another', `${file}: the case was planned anew`, { file, record: name });
  }

  #enterCase(index: number, id: string): OpenCase {
    if (this.#open?.plan.index === index && this.#open.plan.id === id) return this.#open;
    this.#closeCase();
    const plan = this.#readPlan(index, id);
    this.#dataRoots?.checkPlan(plan, this.#folder!.path);
    const grid = tileGrid(plan.shape, plan.tileShape);
    const input = {
      predictions: channelHeaders(plan.predictions),
      reference: plan.reference,
      shape: plan.shape,
    };
    this.#open = {
      plan,
      slabGrid: slabBoxes(plan, this.#settings!.classes.length),
      scorer: new TileScorer(this.#kernel, this.#settings!, input, voxelCount(grid.tileShape)),
      files: plan.mode === 'tiles' ? new CaseBoxes(plan) : null,
    };
    return this.#open;
  }

  /** Scores the tiles of a bundle, each when the one before is written, and stores them as one file. */
  #scoreBundle({ case: index, plan, bundle }: BundleStep, read: ReadTile): TilesDone {
    const begin = performance.now();
    const open = this.#enterCase(index, plan);
    const tiles = tilesOfBundle(open.plan, bundle);
    const boxes = boxesOfBundle(open.plan, bundle);
    const voxels = boxes.reduce((sum, { shape }) => sum + voxelCount(shape), 0);
    const shards = function* () {
      let before = 0;
      for (const [i, tile] of tiles.entries()) {
        const box = boxes[i]!;
        read(open, box, { before, all: voxels });
        before += voxelCount(box.shape);
        yield* encodeTile(plan, index, tile, box, open.scorer.score(box, slabsOf(open.slabGrid, box)));
      }
    };
    const { store } = this.#folder!;
    store.put(this.#folder!.bundle(index, bundle), shards());
    return {
      tiles: tiles.length,
      voxels,
      bytes: voxels * voxelBytes(open.plan),
      seconds: (performance.now() - begin) / 1000,
    };
  }

  /** Checks that every tile of the plan is there and has each row collect its partials. */
  #openCase(index: number, id: string): OpenedCase {
    const folder = this.#folder!;
    const plan = this.#readPlan(index, id);
    const grid = tileGrid(plan.shape, plan.tileShape);
    const place = placeOfCase(folder, this.#settings!, plan, () => {
      this.#closeCase();
      return this.#kernel;
    });
    const collector = new TileCollector(place);
    let voxels = 0;
    for (let bundle = 0; bundle < bundleCount(plan); bundle++) {
      const tiles = tilesOfBundle(plan, bundle).values();
      const name = folder.bundle(index, bundle);
      for (const shard of this.#shards([{ name, of: id }])) {
        const tile = tiles.next().value ?? grid.length;
        const box = tileBox(grid, tile);
        const stored = checkedTile(shard, index, tile, box);
        voxels += stored.gate.voxels + stored.gate.ignored;
        collector.add(box, stored, shard);
      }
      const next = tiles.next();
      if (!next.done) throw ofAnother({ name, path: folder.store.pathOf(name) });
    }
    if (voxels !== voxelCount(plan.shape)) {
      throw new PartialError(
        'coverage',
        `case ${index}: the tiles hold ${voxels} voxels of ${voxelCount(plan.shape)}`,
      );
    }
    return collector.done();
  }

  #doJob({ case: index, plan: id, quantity, job, target }: JobStep): unknown {
    const folder = this.#folder!;
    const plan = this.#readPlan(index, id);
    // Jobs lay the kernel memory out anew.
    this.#closeCase();
    const bundles = Array.from({ length: bundleCount(plan) }, (_, bundle) => folder.bundle(index, bundle));
    return quantityOf(quantity).work!(job, {
      kernels: this.#kernel,
      settings: this.#settings!,
      shards: () => this.#shards(bundles.map((name) => ({ name, of: id }))),
      kept: folder.keptOf(plan, quantity),
      writeShard: this.#writer(target),
    });
  }

  #openShards(files: readonly ShardRef[]): OpenedShards {
    const cut = keyCutter(this.#settings!);
    for (const file of this.#shards(files)) cut.add(file);
    return { jobs: cut.jobs(), keys: cut.keys() };
  }

  #writer(target: ShardRef | null): WriteShard | null {
    const { store } = this.#folder!;
    return (
      target &&
      ((about, sections) => {
        store.put(target.name, encodeShard({ of: target.of, ...about }, sections));
      })
    );
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
    kept: (quantity) => folder.keptOf(plan, quantity),
  };
}

type BundleStep = Pick<Extract<Step, { kind: 'score-bundle' }>, 'case' | 'plan' | 'bundle'>;

/** Puts the stored bytes of a tile where the scorer takes them. `voxels`: of the bundle's tiles before it, and of all. */
type ReadTile = (open: OpenCase, box: Box, voxels: { readonly before: number; readonly all: number }) => void;

/** From raw files. */
const readTile: ReadTile = ({ scorer, files }, box) => {
  files!.read(box, scorer.targets(voxelCount(box.shape)));
};

/** From the stored bytes of a whole bundle. */
function tilesIn(buffer: SharedArrayBuffer): ReadTile {
  return ({ plan, scorer }, box, { before, all }) => {
    const voxels = voxelCount(box.shape);
    const targets = scorer.targets(voxels);
    const bundle = roomFor(plan, all, buffer);
    const copy = (target: Uint8Array, stored: Uint8Array) => {
      const size = stored.length / all;
      target.set(stored.subarray(before * size, (before + voxels) * size));
    };
    for (const [channel, target] of targets.predictions.entries()) copy(target, bundle.predictions[channel]!);
    copy(targets.reference, bundle.reference);
  };
}
