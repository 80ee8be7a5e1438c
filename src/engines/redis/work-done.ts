/** What a worker has done since it last told the board: telling each step by itself would cost a small case as much again. */

import type { TilesDone } from '../../threads/steps.ts';
import { tileSecondsBounds } from '../status.ts';

/** Sums over steps of a run. */
export interface WorkDone {
  tiles: number;
  voxels: number;
  bytes: number;
  seconds: number;
  /** Tiles by how long each took: one number a bound of `tileSecondsBounds` and one for what took longer. */
  readonly tileTimes: number[];
}

const tellEveryMs = 200;

export class WorkCounter {
  readonly #tell: (run: string, work: WorkDone) => void;
  readonly #runs = new Map<string, WorkDone>();
  #timer: NodeJS.Timeout | undefined;

  constructor(tell: (run: string, work: WorkDone) => void) {
    this.#tell = tell;
  }

  add(run: string, { tiles, voxels, bytes, seconds }: TilesDone): void {
    const work = this.#runs.get(run) ?? nothing();
    this.#runs.set(run, work);
    work.tiles += tiles;
    work.voxels += voxels;
    work.bytes += bytes;
    work.seconds += seconds;
    const each = seconds / tiles;
    const slot = tileSecondsBounds.findIndex((bound) => each <= bound);
    work.tileTimes[slot < 0 ? tileSecondsBounds.length : slot]! += tiles;
    this.#timer ??= setTimeout(() => this.flush(), tellEveryMs);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [run, work] of this.#runs) this.#tell(run, work);
    this.#runs.clear();
  }
}

function nothing(): WorkDone {
  const tileTimes = new Array<number>(tileSecondsBounds.length + 1).fill(0);
  return { tiles: 0, voxels: 0, bytes: 0, seconds: 0, tileTimes };
}
