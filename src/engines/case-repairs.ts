/** What is done about stored work that is not to be believed: it goes, and is made again. */
import { MachineError, PartialError } from '../base/errors.ts';
import { outOfTheWay } from '../run/records.ts';
import type { RunFolder } from '../run/run-folder.ts';
import type { Store } from '../run/store.ts';
import { eachShard, type ShardRef } from '../run/tile-partial.ts';
import type { RunSettings } from '../settings/run-settings.ts';
import type { CasePlanner } from './case-planner.ts';

/** A stored partial that is not whole is made again, each at most this often. */
const maxRepairs = 3;

export class CaseRepairs {
  readonly #folder: RunFolder;
  readonly #settings: RunSettings;
  readonly #planner: CasePlanner;
  readonly #removeTiles: (index: number) => void;

  /** `removeTiles` removes all that only an unfinished case needs. */
  constructor(
    folder: RunFolder,
    settings: RunSettings,
    planner: CasePlanner,
    removeTiles: (index: number) => void,
  ) {
    this.#folder = folder;
    this.#settings = settings;
    this.#planner = planner;
    this.#removeTiles = removeTiles;
  }

  /**
   * Does `attempt` again, from the plan on, when something stored was not to be believed. It is told how often that was.
   * @throws MachineError when it does not help
   */
  async withRepairs<T>(index: number, attempt: (repairs: number) => Promise<T>): Promise<T> {
    const repairs = new Map<string, number>();
    for (let count = 0; ; count++) {
      try {
        return await attempt(count);
      } catch (error) {
        if (!(error instanceof PartialError)) throw error;
        const { record = '' } = error.place;
        const made = repairs.get(record) ?? 0;
        if (made === maxRepairs) {
          throw new MachineError(
            'partials-unreliable',
            `a stored partial was made ${maxRepairs} times and still is not whole: ${error.message}`,
            { cause: error },
          );
        }
        repairs.set(record, made + 1);
        this.#repair(index, error);
      }
    }
  }

  /** What is damaged is set aside; what is of something else goes, and its like with it. */
  #repair(index: number, error: PartialError): void {
    const { record } = error.place;
    if (error.code === 'plan-of-another') return;
    if (record === undefined || error.code === 'staged-changed') {
      this.#removeTiles(index);
      return;
    }
    if (error.code !== 'partial-of-another') {
      outOfTheWay(this.#folder.store, error);
      // Threads read it; it is known here.
      if (record === this.#folder.settings) this.#folder.writeSettings(this.#settings);
      return;
    }
    const plan = this.#planner.before(index);
    const isOfPlan = (name: string) =>
      plan !== undefined && carries(this.#folder.store, { name, of: plan.id });
    const tiles = this.#folder.tiles(index);
    for (const name of this.#folder.store.list(tiles).map((bundle) => `${tiles}/${bundle}`)) {
      if (name === record || (name.endsWith('.shard') && !isOfPlan(name))) this.#folder.store.remove(name);
    }
  }
}

/** Whether the first shard of a file carries the identity that it should; damage is told where the file is used. */
function carries(store: Store, file: ShardRef): boolean {
  try {
    for (const _ of eachShard(store, [file])) return true;
    return true;
  } catch (error) {
    if (error instanceof PartialError) return error.code !== 'partial-of-another';
    throw error;
  }
}
