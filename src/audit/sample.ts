/**
 * Which tiles an audit takes: a function of what a tile is (case id, origin and shape) and of nothing else, so that a rerun
 * takes the same ones whatever the order, the threads or the engine.
 */
import { createHash } from 'node:crypto';
import type { CasePlan } from '../plan/case-plan.ts';
import { tileBox, tileGrid } from '../plan/tile-grid.ts';

/** How many tiles are audited: all, a share of them, or so many of the run. */
export type AuditChoice = 'all' | { readonly share: number } | { readonly tiles: number };

/** `all`, `1%` or `12`; undefined for `none` and for what is none of these. */
export function parseAudit(text: string): AuditChoice | undefined {
  if (text === 'all') return 'all';
  if (/^[1-9]\d{0,8}$/.test(text)) return { tiles: Number(text) };
  const [, percent] = /^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(text) ?? [];
  const share = Number(percent) / 100;
  return share > 0 && share <= 1 ? { share } : undefined;
}

/**
 * The tiles of a case that are audited, ascending: those with the smallest hashes. A share of the tiles of a case is rounded up
 * or down by the case's hash, so that it holds over many cases, and the case with the smallest hash gives a tile at least. A count is
 * spread evenly over the cases; a case with fewer tiles gives all of them.
 */
export function auditedTiles(
  choice: AuditChoice,
  caseIds: readonly string[],
  plan: Pick<CasePlan, 'index' | 'shape' | 'tileShape'>,
): number[] {
  const grid = tileGrid(plan.shape, plan.tileShape);
  const tiles = Array.from({ length: grid.length }, (_, tile) => tile);
  if (choice === 'all') return tiles;
  const id = caseIds[plan.index]!;
  const quota = Math.min(tileQuota(choice, caseIds, plan.index, grid.length), grid.length);
  if (quota === 0) return [];
  return tiles
    .map((tile) => {
      const { origin, shape } = tileBox(grid, tile);
      return { tile, hash: hashOf(id, ...origin.map(String), ...shape.map(String)) };
    })
    .sort((a, b) => a.hash - b.hash || a.tile - b.tile)
    .slice(0, quota)
    .map(({ tile }) => tile)
    .sort((a, b) => a - b);
}

function tileQuota(
  choice: Exclude<AuditChoice, 'all'>,
  caseIds: readonly string[],
  index: number,
  tiles: number,
): number {
  const own = hashOf(caseIds[index]!);
  const before = caseIds.filter((id, other) => {
    const hash = hashOf(id);
    return hash < own || (hash === own && other < index);
  }).length;
  if ('share' in choice) return Math.max(Math.floor(choice.share * tiles + own), before === 0 ? 1 : 0);
  const { length } = caseIds;
  return Math.floor(choice.tiles / length) + (before < choice.tiles % length ? 1 : 0);
}

/** A number in [0, 1), evenly spread. */
function hashOf(...parts: readonly string[]): number {
  return createHash('sha256').update(parts.join('\0')).digest().readUIntBE(0, 6) / 2 ** 48;
}
