/** A tile's values as the run has them beside those computed again. */
import type { Measures } from '../measures/tally/class-sums-of.ts';
import type { Tally } from '../measures/tally/tally.ts';
import { decidesByChannel, predictsLabels, type RunSettings } from '../settings/run-settings.ts';
import { type ClassValues, classValues, termName } from './class-values.ts';
import { crossEntropy } from './cross-entropy.ts';
import { type TileVoxels, truthOf } from './tile-voxels.ts';
import { type AuditValue, type Compared, count } from './values.ts';

/** What the run has of a tile: its tally, and the values that come from it and from its shards. */
export interface RunTile {
  readonly tally: Tally;
  readonly measures: Measures;
}

export async function compareTile(
  voxels: TileVoxels,
  run: RunTile,
  settings: RunSettings,
): Promise<Compared[]> {
  const rows: Compared[] = [];
  const add = (name: string | null, quantity: string, exact: number, { value, bound }: AuditValue) =>
    rows.push({ class: name, quantity, exact, audit: value, bound });
  add(null, 'voxels', run.tally.voxels, count(voxels.reference.length));
  add(null, 'ignored', run.tally.ignored, count(voxels.ignored));
  if (voxels.predicted) {
    const again = countPairs(voxels, voxels.predicted);
    const before = new Map(run.tally.confusion.map(([r, p, n]) => [`confusion ${r} as ${p}`, n]));
    for (const cell of new Set([...before.keys(), ...again.keys()])) {
      add(null, cell, before.get(cell) ?? 0, count(again.get(cell) ?? 0));
    }
  }
  if (settings.scores === 'label') return rows;
  if (predictsLabels(settings)) {
    const { voxels: own, sum } = await crossEntropy(voxels, settings);
    const { multiclass } = run.measures;
    add(null, 'cross-entropy voxels', multiclass!.voxels, count(own));
    add(null, 'cross-entropy', multiclass!.crossEntropySum!, sum);
  }
  for (const [index, runClass] of settings.classes.entries()) {
    const { name, labels } = runClass;
    const again = await classValues({
      scores: voxels.classes[index]!,
      truth: truthOf(voxels.reference, labels),
      from: settings.scores === 'logit' && !predictsLabels(settings) ? 'logit' : 'probability',
      terms: settings.terms,
      lovasz: settings.lovasz,
      threshold: settings.threshold,
      ...(decidesByChannel(settings, runClass) ? { chosen: truthOf(voxels.predicted!, labels) } : {}),
    });
    for (const [quantity, exact] of runValues(name, run.measures, settings, again)) {
      add(name, quantity, exact, again.get(quantity)!);
    }
  }
  return rows;
}

/** The run's values of a class, of those that were computed again. */
function runValues(
  name: string,
  { classes }: Measures,
  settings: RunSettings,
  again: ClassValues,
): [quantity: string, exact: number][] {
  const own = classes[name]!;
  const values: [string, number | null | undefined][] = [
    ['foreground', own.foreground],
    ['tp', own.tp],
    ['fp', own.fp],
    ['fn', own.fn],
    ['hard tp', own.hard.tp],
    ['hard fp', own.hard.fp],
    ['lovasz-hinge', own.lovaszHinge],
    ['lovasz-softmax', own.lovaszSoftmax],
  ];
  for (const spec of settings.terms) {
    const sum = own.term(spec);
    values.push(
      [termName(spec, 'foreground'), sum?.foreground],
      [termName(spec, 'background'), sum?.background],
    );
  }
  return values.flatMap(([quantity, value]): [string, number][] =>
    again.has(quantity) ? [[quantity, value ?? Number.NaN]] : [],
  );
}

/** Voxels by reference and predicted label. */
function countPairs(
  { reference, largeLabels }: TileVoxels,
  predicted: NonNullable<TileVoxels['predicted']>,
): Map<string, number> {
  const rows = new Map<number, Map<number, number>>();
  for (let i = 0; i < reference.length; i++) {
    const label = reference[i]!;
    const row = rows.get(label) ?? new Map<number, number>();
    if (row.size === 0) rows.set(label, row);
    row.set(predicted[i]!, (row.get(predicted[i]!) ?? 0) + 1);
  }
  const name = (label: number) => largeLabels.nameOf(label);
  const cells = new Map<string, number>();
  for (const [label, row] of rows) {
    for (const [other, n] of row) cells.set(`confusion ${name(label)} as ${name(other)}`, n);
  }
  return cells;
}
