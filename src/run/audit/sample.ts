/**
 * Which tiles an audit takes: a function of what a tile is (case id, origin and shape) and of nothing else, so that a rerun
 * takes the same ones whatever the order, the threads or the engine.
 */
import { createHash } from 'node:crypto';
import { tileBox, tileGrid } from '../../base/tile-grid.ts';
import type { AuditChoice } from '../../settings/audit-choice.ts';
import type { CasePlan } from '../plan/case-plan.ts';

/** The tiles of a run that are audited. */
export class AuditSample {
  readonly #choice: AuditChoice;
  readonly #caseIds: readonly string[];
  /** Place of each case by its hash: a count is dealt out in this order. */
  readonly #places: readonly number[];

  constructor(choice: AuditChoice, caseIds: readonly string[]) {
    this.#choice = choice;
    this.#caseIds = caseIds;
    const hashes = caseIds.map((id) => hashOf(id));
    const places = new Array<number>(caseIds.length);
    [...caseIds.keys()]
      .sort((a, b) => hashes[a]! - hashes[b]! || a - b)
      .forEach((index, place) => {
        places[index] = place;
      });
    this.#places = places;
  }

  /** The tiles of a case that are audited, ascending: those with the smallest hashes. */
  tilesOf(plan: Pick<CasePlan, 'index' | 'shape' | 'tileShape'>): number[] {
    const grid = tileGrid(plan.shape, plan.tileShape);
    const tiles = Array.from({ length: grid.length }, (_, tile) => tile);
    const quota = this.#quota(plan.index, grid.length);
    if (quota >= grid.length) return tiles;
    if (quota === 0) return [];
    return tiles
      .map((tile) => {
        const { origin, shape } = tileBox(grid, tile);
        return { tile, hash: hashOf(this.#caseIds[plan.index]!, origin.join(), shape.join()) };
      })
      .sort((a, b) => a.hash - b.hash || a.tile - b.tile)
      .slice(0, quota)
      .map(({ tile }) => tile)
      .sort((a, b) => a - b);
  }

  /**
   * A share of a case's tiles is rounded up or down by the case's hash, so that it holds over many cases, and the first case by hash gives
   * one tile at least. A count is spread evenly over the cases.
   */
  #quota(index: number, tiles: number): number {
    if (this.#choice === 'all') return tiles;
    const place = this.#places[index]!;
    if ('share' in this.#choice) {
      const rounded = Math.floor(this.#choice.share * tiles + hashOf(this.#caseIds[index]!));
      return Math.max(rounded, place === 0 ? 1 : 0);
    }
    const { length } = this.#caseIds;
    return Math.floor(this.#choice.tiles / length) + (place < this.#choice.tiles % length ? 1 : 0);
  }
}

/** A number in [0, 1), evenly spread. */
function hashOf(...parts: readonly string[]): number {
  return createHash('sha256').update(parts.join('\0')).digest().readUIntBE(0, 6) / 2 ** 48;
}
