/** The shapes of a run: what its cases keep of borders and lesions, and the values that follow from it. */
import { PartialError } from '../base/errors.ts';
import { type CaseShapes, readCaseShapes, shapeBytes } from '../measures/shapes/case-shapes.ts';
import {
  ClassInCase,
  ClassPool,
  type ClassShapeValues,
  type PooledShapeValues,
} from '../measures/shapes/class-values.ts';
import { masksName, measuredName, shapesId } from '../measures/shapes/row.ts';
import { withSections } from '../measures/shapes/section-files.ts';
import type { RunShapes } from '../results/shapes/build.ts';
import { type Lesion, lesionsOf } from '../results/shapes/lesion-list.ts';
import type { ShapeSettings } from '../settings/shape-settings.ts';
import type { CaseOutcomeRecord, ScoredOutcome } from './case-outcome.ts';
import { outOfTheWay } from './records.ts';
import type { RunFolder } from './run-folder.ts';

/** Classes that are pooled at once: the counts of distances of each take up to some 1 MB. */
const classesAtOnce = 32;

/** The file of a case's masks, for questions about lesions. */
export function masksFile(folder: RunFolder, caseIndex: number): string {
  return folder.keptFile(caseIndex, shapesId, masksName);
}

/** The file of what was measured of them. */
export function shapesFile(folder: RunFolder, caseIndex: number): string {
  return folder.keptFile(caseIndex, shapesId, measuredName);
}

/** Whether a stored file is what was measured of the shapes of a case: a finished run that is resumed makes it again where it is lost. */
export function isMeasuredAgain(record = ''): boolean {
  return record.startsWith('kept/') && record.endsWith(`-${shapesId}-${measuredName}`);
}

/** A scored case, by what names its files. */
type ScoredCaseName = Pick<ScoredOutcome, 'index' | 'of'>;

/** What is asked for again and again at the end of a run (check, values, pool, list of lesions) is held up to so many bytes. */
const mostHeldBytes = 2 ** 23;

/** Reads what cases keep of their shapes. The first cases, as many as are small enough, are decoded once. */
export class ShapesReader {
  readonly #folder: RunFolder;
  readonly #held = new Map<string, CaseShapes>();
  #heldBytes = 0;

  constructor(folder: RunFolder) {
    this.#folder = folder;
  }

  /** The shapes of some classes at least; by default of all. @throws PartialError */
  read({ index, of }: ScoredCaseName, only?: ReadonlySet<string>): CaseShapes {
    const name = `${index}/${of}`;
    const held = this.#held.get(name);
    if (held) return held;
    const shapes = readStoredShapes(this.#folder, { index, of }, only);
    if (only === undefined) this.#hold(name, shapes);
    return shapes;
  }

  /** Those of one scored case; `place`: of the case in the results. */
  at({ index, of }: ScoredCaseName, place: number): StoredShapes {
    return { place, read: (only) => this.read({ index, of }, only) };
  }

  /** The scored cases whose shapes are missing, damaged or of something else; what is there of them is put out of the way. */
  lost(scored: readonly ScoredCaseName[]): number[] {
    const lost = scored.filter((outcome) => {
      try {
        this.read(outcome);
        return false;
      } catch (error) {
        if (!(error instanceof PartialError)) throw error;
        outOfTheWay(this.#folder.store, error);
        return true;
      }
    });
    return lost.map(({ index }) => index);
  }

  #hold(name: string, shapes: CaseShapes): void {
    const bytes = shapeBytes(shapes);
    if (this.#heldBytes + bytes > mostHeldBytes) return;
    this.#held.set(name, shapes);
    this.#heldBytes += bytes;
  }
}

/** @throws PartialError */
export function readStoredShapes(
  folder: RunFolder,
  scored: ScoredCaseName,
  only?: ReadonlySet<string>,
): CaseShapes {
  return withSections(folder.keptOf(scored, shapesId), measuredName, (file) => readCaseShapes(file, only));
}

/** A scored case: its place in the results, and its shapes. */
export interface StoredShapes {
  readonly place: number;
  /** Those of some classes at least, by default of all. */
  read(only?: ReadonlySet<string>): CaseShapes;
}

/** The shapes that a run's folder holds of its scored cases, in the order of the outcomes. */
export function storedShapes(folder: RunFolder, outcomes: readonly CaseOutcomeRecord[]): StoredShapes[] {
  const reader = new ShapesReader(folder);
  return outcomes.flatMap((outcome, place) => (outcome.status === 'ok' ? [reader.at(outcome, place)] : []));
}

/**
 * Values of all cases and of their pool. Cases are read one after the other: once for their own values and the counts of the
 * first classes, once for those of other classes, and once for the distances on which the values of the pool rest.
 */
export function valuesOfRun(
  settings: ShapeSettings,
  classes: readonly string[],
  stored: readonly StoredShapes[],
): RunShapes {
  const cases = new Map<number, Record<string, ClassShapeValues>>();
  const pooled: Record<string, PooledShapeValues> = {};
  const poolsOf = (names: readonly string[]) =>
    new Map(names.map((name) => [name, new ClassPool(name, settings)]));
  const firstPools = poolsOf(classes.slice(0, classesAtOnce));
  for (const { place, read } of stored) {
    const shapes = read();
    const values: Record<string, ClassShapeValues> = {};
    for (const name of classes) {
      const own = new ClassInCase(shapes, name, settings);
      const part = own.part();
      values[name] = own.values(part);
      firstPools.get(name)?.add(part);
    }
    cases.set(place, values);
  }
  const eachPart = (
    names: readonly string[],
    use: (name: string, part: ReturnType<ClassInCase['part']>) => void,
  ) => {
    if (names.length === 0) return;
    for (const { read } of stored) {
      const shapes = read(new Set(names));
      for (const name of names) use(name, new ClassInCase(shapes, name, settings).part());
    }
  };
  for (let at = 0; at < classes.length; at += classesAtOnce) {
    const names = classes.slice(at, at + classesAtOnce);
    const pools = at === 0 ? firstPools : poolsOf(names);
    if (at > 0) eachPart(names, (name, part) => pools.get(name)!.add(part));
    const wanting = names.filter((name) => pools.get(name)!.chooseRows());
    eachPart(wanting, (name, part) => pools.get(name)!.addRows(part));
    for (const name of names) pooled[name] = pools.get(name)!.values();
  }
  return { settings, cases, pooled };
}

/** All lesions of a run, case by case. */
export function* lesionsOfRun(
  settings: ShapeSettings,
  cases: readonly { readonly id: string }[],
  stored: readonly StoredShapes[],
): Generator<Lesion> {
  for (const { place, read } of stored) yield* lesionsOf(cases[place]!.id, read(), settings);
}
