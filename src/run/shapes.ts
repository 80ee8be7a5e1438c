/** The shapes of a run: what its cases keep of borders and lesions, and the values that follow from it. */
import { PartialError } from '../base/errors.ts';
import { type CaseShapes, readCaseShapes } from '../measures/shapes/case-shapes.ts';
import {
  ClassInCase,
  type ClassPoolPart,
  type ClassShapeValues,
  type PooledShapeValues,
  pooledValues,
} from '../measures/shapes/class-values.ts';
import { measuredName, shapesId } from '../measures/shapes/row.ts';
import { withSections } from '../measures/shapes/section-files.ts';
import type { RunShapes } from '../results/shapes/build.ts';
import { type Lesion, lesionsOf } from '../results/shapes/lesion-list.ts';
import type { ShapeSettings } from '../settings/shape-settings.ts';
import type { CaseOutcomeRecord, ScoredOutcome } from './case-outcome.ts';
import { outOfTheWay } from './records.ts';
import type { RunFolder } from './run-folder.ts';

/** Rows of distances that are held at once to pool classes. */
const mostPooledRows = 2 ** 21;

/** A scored case, by what names its files. */
type ScoredCaseName = Pick<ScoredOutcome, 'index' | 'of'>;

/** @throws PartialError */
export function readStoredShapes(
  folder: RunFolder,
  scored: ScoredCaseName,
  only?: ReadonlySet<string>,
): CaseShapes {
  return withSections(folder.keptOf(scored, shapesId), measuredName, (file) => readCaseShapes(file, only));
}

/** The scored cases whose shapes are missing, damaged or of something else; what is there of them is put out of the way. */
export function lostShapes(folder: RunFolder, scored: readonly ScoredCaseName[]): number[] {
  const lost = scored.filter((outcome) => {
    try {
      readStoredShapes(folder, outcome);
      return false;
    } catch (error) {
      if (!(error instanceof PartialError)) throw error;
      outOfTheWay(folder.store, error);
      return true;
    }
  });
  return lost.map(({ index }) => index);
}

/** A scored case: its place in the results, and its shapes. */
export interface StoredShapes {
  readonly place: number;
  /** Those of some classes, by default of all. */
  read(only?: ReadonlySet<string>): CaseShapes;
}

/** The shapes that a run's folder holds of its scored cases, in the order of the outcomes. */
export function storedShapes(folder: RunFolder, outcomes: readonly CaseOutcomeRecord[]): StoredShapes[] {
  return outcomes.flatMap((outcome, place) =>
    outcome.status === 'ok' ? [shapesAt(folder, outcome, place)] : [],
  );
}

/** Those of one scored case. */
export function shapesAt(folder: RunFolder, { index, of }: ScoredCaseName, place: number): StoredShapes {
  return { place, read: (only) => readStoredShapes(folder, { index, of }, only) };
}

/**
 * Values of all cases and of their pool. Cases are read one after the other, once for their own values and then for each group
 * of classes whose distances can be held together.
 */
export function valuesOfRun(
  settings: ShapeSettings,
  classes: readonly string[],
  stored: readonly StoredShapes[],
): RunShapes {
  const cases = new Map<number, Record<string, ClassShapeValues>>();
  const rows = new Map<string, number>();
  for (const { place, read } of stored) {
    const shapes = read();
    const values: Record<string, ClassShapeValues> = {};
    for (const name of classes) {
      const own = new ClassInCase(shapes, name, settings);
      values[name] = own.values();
      rows.set(name, (rows.get(name) ?? 0) + own.rows);
    }
    cases.set(place, values);
  }
  const pooled: Record<string, PooledShapeValues> = {};
  for (const group of groupsOf(classes, rows)) {
    const parts = new Map<string, ClassPoolPart[]>(group.map((name) => [name, []]));
    for (const { read } of stored) {
      const shapes = read(new Set(group));
      for (const name of group) parts.get(name)!.push(new ClassInCase(shapes, name, settings).part());
    }
    for (const name of group) pooled[name] = pooledValues(name, parts.get(name)!, settings);
  }
  return { settings, cases, pooled };
}

/** Classes in groups of at most `mostPooledRows` rows, or one. */
function groupsOf(classes: readonly string[], rows: ReadonlyMap<string, number>): string[][] {
  const groups: string[][] = [];
  let room = 0;
  for (const name of classes) {
    const own = rows.get(name) ?? 0;
    if (groups.length === 0 || own > room) {
      groups.push([]);
      room = mostPooledRows;
    }
    groups.at(-1)!.push(name);
    room -= own;
  }
  return groups;
}

/** All lesions of a run, case by case. */
export function* lesionsOfRun(
  settings: ShapeSettings,
  cases: readonly { readonly id: string }[],
  stored: readonly StoredShapes[],
): Generator<Lesion> {
  for (const { place, read } of stored) yield* lesionsOf(cases[place]!.id, read(), settings);
}
