/**
 * The pieces of work that need a processor: each is a function of the run's folder, of the volumes and of its arguments,
 * and writes only whole files that are named by what they are of. Doing one again changes nothing. They run in the
 * threads of either engine (workers/step-thread.ts).
 */
import { type Box, voxelCount } from '../base/box.ts';
import { clockMs } from '../base/clock.ts';
import { PartialError } from '../base/errors.ts';
import { tileBox, tileGrid } from '../base/tile-grid.ts';
import type { KernelCode } from '../kernels/kernels.ts';
import { quantityOf } from '../measures/quantities.ts';
import type { CasePlace, Worker, WriteShard } from '../measures/quantity.ts';
import { keyCutter, mergeRange } from '../measures/sorted-errors/row.ts';
import { encodeShard, type ShardFile } from '../measures/sorted-errors/shard/file.ts';
import { surveyFiles } from '../measures/sorted-errors/survey.ts';
import { walkRange } from '../measures/sorted-errors/walk-range.ts';
import { sumRuns } from '../measures/terms/sum-runs.ts';
import type { DataRoots } from '../run/data-roots.ts';
import { type OpenStore, openStore } from '../run/open-store.ts';
import { boxesOfBundle, bundleCount, tilesOfBundle } from '../run/plan/bundles.ts';
import { type CasePlan, voxelBytes } from '../run/plan/case-plan.ts';
import { RunFolder } from '../run/run-folder.ts';
import type { StoreAddress } from '../run/store.ts';
import {
  checkedTile,
  collectTile,
  eachShard,
  encodeTile,
  ofAnother,
  type ShardRef,
  TileCollector,
} from '../run/tile-partial.ts';
import type { RunSettings } from '../settings/run-settings.ts';
import { readWholeCase } from '../volumes/case-reader.ts';
import { CaseBench, type OpenCase } from './case-bench.ts';
import { type ReadTile, readTile, tilesIn } from './read-tile.ts';
import type { CaseScored, JobStep, OpenedCase, OpenedShards, Step, TilesDone } from './steps.ts';

export interface StepRunnerOptions {
  /** The only folders below which volumes are read; any by default. */
  readonly dataRoots?: DataRoots | undefined;
  readonly open?: OpenStore;
  readonly kernelCode?: KernelCode;
}

/** The state of one thread. */
export class StepRunner {
  readonly #bench: CaseBench;
  #start: string | undefined;
  #folder: RunFolder | undefined;
  #settings: RunSettings | undefined;
  /** The plan that was read last: the jobs of a case follow each other. */
  #plan: CasePlan | undefined;
  /** What does the jobs of one row of one case, as long as they follow each other. */
  #worker: { readonly of: string; readonly worker: Worker } | undefined;
  readonly #dataRoots: DataRoots | undefined;
  readonly #openStore: OpenStore;

  constructor({ dataRoots, open = openStore, kernelCode = 'optimised' }: StepRunnerOptions = {}) {
    this.#dataRoots = dataRoots;
    this.#openStore = open;
    this.#bench = new CaseBench(kernelCode);
  }

  run(step: Step): unknown {
    this.#enter(step.store);
    if (step.kind !== 'case-job') this.#worker = undefined;
    switch (step.kind) {
      case 'score-bundle':
        return this.#scoreBundle(step, readTile);
      case 'score-buffer':
        return this.#scoreBundle(step, tilesIn(step.bytes));
      case 'score-case':
        return this.#scoreCase(step);
      case 'open-case':
        return this.#openCase(step.case, step.plan);
      case 'open-shards':
        return this.#openShards(step.files);
      case 'merge-range':
        return mergeRange(
          this.#bench.takeKernels(),
          this.#shards(step.files),
          step.job,
          step.evaluate,
          this.#writer(step.target),
        );
      case 'case-job':
        return this.#doJob(step);
      case 'sum-runs':
        return Array.from(this.#shards([step.file]), (file) =>
          sumRuns(this.#bench.takeKernels(), file, step.request),
        )[0];
      case 'survey-shards':
        return surveyFiles(this.#shards(step.files), step.class);
      case 'walk-scores':
        return walkRange(this.#bench.takeKernels(), this.#shards(step.files), step.request);
    }
  }

  /** What is held of a run is bound to its start: a later one may have other settings and files. */
  #enter(address: StoreAddress): void {
    const start = JSON.stringify(address);
    if (this.#start === start) return;
    this.#bench.leave();
    this.#start = undefined;
    this.#plan = undefined;
    this.#worker = undefined;
    const folder = new RunFolder(this.#openStore(address));
    this.#dataRoots?.guard(folder.path);
    this.#settings = folder.readSettings();
    this.#folder = folder;
    this.#start = start;
  }

  #shards(files: Iterable<ShardRef>): Generator<ShardFile> {
    return eachShard(this.#folder!.store, files);
  }

  /** @throws PartialError when the case was planned anew since */
  #readPlan(index: number, id: string): CasePlan {
    if (this.#plan?.index === index && this.#plan.id === id) return this.#plan;
    const folder = this.#folder!;
    const plan = folder.readPlan(index);
    if (plan.id === id) {
      this.#plan = plan;
      return plan;
    }
    const name = folder.plan(index);
    const file = folder.store.pathOf(name);
    throw new PartialError('plan-of-another', `${file}: the case was planned anew`, { file, record: name });
  }

  #enterCase(index: number, id: string): OpenCase {
    const { open } = this.#bench;
    if (open?.plan.index === index && open.plan.id === id) return open;
    return this.#enterPlan(this.#readPlan(index, id));
  }

  #enterPlan(plan: CasePlan): OpenCase {
    this.#dataRoots?.checkPlan(plan, this.#folder!.path);
    return this.#bench.enter(plan, this.#settings!);
  }

  /** Scores the tiles of a bundle, each when the one before is written, and stores them as one file. */
  #scoreBundle({ case: index, plan, bundle }: BundleStep, read: ReadTile): TilesDone {
    const begin = clockMs();
    const open = this.#enterCase(index, plan);
    const tiles = tilesOfBundle(open.plan, bundle);
    const boxes = boxesOfBundle(open.plan, bundle);
    const voxels = boxes.reduce((sum, { shape }) => sum + voxelCount(shape), 0);
    const bench = this.#bench;
    const shards = function* () {
      let before = 0;
      for (const [i, tile] of tiles.entries()) {
        const box = boxes[i]!;
        read(open, box, { before, all: voxels });
        before += voxelCount(box.shape);
        yield* encodeTile(plan, index, tile, box, bench.score(open, box));
      }
    };
    const { store } = this.#folder!;
    store.put(this.#folder!.bundle(index, bundle), shards());
    return {
      tiles: tiles.length,
      voxels,
      bytes: voxels * voxelBytes(open.plan),
      seconds: (clockMs() - begin) / 1000,
    };
  }

  /** Scores a case that is one tile and collects it. Its shards are what is stored of it. */
  #scoreCase({ plan, bytes, keepShards }: Extract<Step, { kind: 'score-case' }>): CaseScored | null {
    const begin = clockMs();
    const open = this.#enterPlan(plan);
    const [box] = boxesOfBundle(plan, 0) as [Box];
    const voxels = voxelCount(box.shape);
    const read = bytes ? tilesIn(bytes) : open.files ? readTile : null;
    if (read) read(open, box, { before: 0, all: voxels });
    else if (!readWholeCase(plan, open.scorer.targets(voxels))) return null;
    const shards: ShardRef[] = [];
    const scores = this.#bench.score(open, box, (row, classIndex) => {
      if (!keepShards || !quantityOf(row).writesShards) return null;
      const target = { name: this.#folder!.caseShard(plan.index, classIndex), of: plan.of };
      shards.push(target);
      return this.#writer(target);
    });
    const collected = collectTile(plan.id, this.#placeOf(plan), box, scores);
    // Nobody comes back to its files.
    this.#bench.close();
    const seconds = (clockMs() - begin) / 1000;
    return { done: { tiles: 1, voxels, bytes: voxels * voxelBytes(plan), seconds }, collected, shards };
  }

  /** Checks that every tile of the plan is there and has each row collect its partials. */
  #openCase(index: number, id: string): OpenedCase {
    const folder = this.#folder!;
    const plan = this.#readPlan(index, id);
    const grid = tileGrid(plan.shape, plan.tileShape);
    const place = this.#placeOf(plan);
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

  #placeOf(plan: CasePlan): CasePlace {
    const { spacingMm, voxelMm3, affine } = plan.reference;
    return {
      index: plan.index,
      settings: this.#settings!,
      shape: plan.shape,
      tileShape: plan.tileShape,
      spacingMm,
      voxelMm3,
      affine,
      memoryBytes: memoryOf(plan),
      kernels: () => this.#bench.takeKernels(),
      kept: (quantity) => this.#folder!.keptOf(plan, quantity),
    };
  }

  #doJob({ case: index, plan: id, quantity, job, target }: JobStep): unknown {
    const folder = this.#folder!;
    const plan = this.#readPlan(index, id);
    const bundles = Array.from({ length: bundleCount(plan) }, (_, bundle) => folder.bundle(index, bundle));
    const of = `${id} ${quantity}`;
    if (this.#worker?.of !== of) this.#worker = { of, worker: quantityOf(quantity).worker!() };
    return this.#worker.worker.work(job, {
      kernels: this.#bench.takeKernels(),
      memoryBytes: memoryOf(plan),
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

/** A thread has its share twice, for its kernels and for a tile on its way to it (run/plan/memory.ts): no tile is on its way here. */
function memoryOf({ threadBytes }: CasePlan): number {
  return threadBytes === null ? Number.POSITIVE_INFINITY : 2 * threadBytes;
}

type BundleStep = Pick<Extract<Step, { kind: 'score-bundle' }>, 'case' | 'plan' | 'bundle'>;
