/** The values of shapes of a class, of one case and of several, from what cases keep. */
import type { Vec3 } from '../../base/box.ts';
import type { Connectivity } from '../../settings/shape-names.ts';
import type { ShapeSettings } from '../../settings/shape-settings.ts';
import { BorderPool, type PooledBorderValues } from '../boundary/border-pool.ts';
import { noDistances } from '../boundary/distance-list.ts';
import { facetAreasMm2 } from '../boundary/facet-areas.ts';
import { type Border, borders } from '../boundary/measure-distances.ts';
import { type BorderValues, type BothLists, borderValues } from '../boundary/values.ts';
import { WeightedDistances } from '../boundary/weighted-distances.ts';
import { type Brats, type BratsValues, bratsValues, noLesions } from '../lesions/brats.ts';
import { atConnectivity } from '../lesions/components.ts';
import {
  addDetections,
  type Detection,
  type DetectionValues,
  detect,
  detectionValues,
} from '../lesions/detection.ts';
import {
  addPanoptics,
  type Panoptic,
  type PanopticValues,
  panoptic,
  panopticValues,
} from '../lesions/panoptic.ts';
import type { CaseShapes } from './case-shapes.ts';
import { whyNoDistances } from './orthogonal.ts';
import type { ClassShapes } from './tasks.ts';

export type BoundaryValues = Readonly<Record<Border, BorderValues>> | { readonly undefined: string };
export type PooledBoundaryValues = Readonly<Record<Border, PooledBorderValues>>;

export interface LesionValues {
  readonly connectivity: Connectivity;
  /** Numbers of components. */
  readonly components: { readonly reference: number; readonly prediction: number };
  readonly detection: DetectionValues;
  readonly panoptic: PanopticValues;
  readonly brats?: BratsValues;
}

export interface ClassShapeValues {
  readonly boundary?: BoundaryValues;
  readonly lesions?: LesionValues;
}

export interface PooledShapeValues {
  readonly boundary?: PooledBoundaryValues;
  readonly lesions?: LesionValues;
}

/** What the pool of a class takes of a case. */
export interface ClassPoolPart {
  readonly boundary: {
    readonly lists: Record<Border, BothLists>;
    readonly emptyDistanceMm: number | null;
  } | null;
  readonly lesions: LesionCounts | null;
}

interface LesionCounts {
  readonly components: { readonly reference: number; readonly prediction: number };
  readonly detection: Detection;
  readonly panoptic: Panoptic;
  readonly brats: Brats | null;
}

/** A class that a case does not hold: nothing in either mask. */
function absentClass(name: string, boundary: boolean): ClassShapes {
  const none = { reference: noDistances, prediction: noDistances };
  return {
    name,
    distances: boundary ? { voxel: none, surfel: none } : null,
    components: null,
    brats: null,
  };
}

export function classOf(shapes: CaseShapes, name: string, boundary: boolean): ClassShapes {
  const wanted = boundary && shapes.noBoundary === null;
  return shapes.classes.find((own) => own.name === name) ?? absentClass(name, wanted);
}

export function tolerancesOf(question: ShapeSettings, name: string): readonly number[] {
  const { tolerancesMm } = question;
  return Array.isArray(tolerancesMm)
    ? tolerancesMm
    : ((tolerancesMm as Record<string, number[]>)[name] ?? []);
}

/** The distance that stands for undefined ones in a case. */
function emptyDistanceMm(question: ShapeSettings, shape: Vec3, spacingMm: Vec3): number | null {
  if (question.emptyDistance !== 'diagonal') return question.emptyDistance;
  const [x, y, z] = [0, 1, 2].map((axis) => shape[axis as 0 | 1 | 2] * spacingMm[axis as 0 | 1 | 2]);
  return Math.sqrt(x! * x! + y! * y! + z! * z!);
}

/** What is asked of a class in a case, and what the pool needs of it. */
export class ClassInCase {
  readonly #shapes: CaseShapes;
  readonly #class: ClassShapes;
  readonly #question: ShapeSettings;

  constructor(shapes: CaseShapes, name: string, question: ShapeSettings) {
    this.#shapes = shapes;
    this.#class = classOf(shapes, name, question.boundary);
    this.#question = question;
  }

  values(part: ClassPoolPart = this.part()): ClassShapeValues {
    return {
      ...(part.boundary
        ? { boundary: this.#boundary(part.boundary) }
        : this.#shapes.noBoundary
          ? { boundary: { undefined: this.#shapes.noBoundary } }
          : {}),
      ...(part.lesions ? { lesions: lesionValues(this.#question, [part.lesions]) } : {}),
    };
  }

  part(): ClassPoolPart {
    const { distances } = this.#class;
    const { shape, spacingMm } = this.#shapes;
    return {
      boundary:
        distances === null
          ? null
          : {
              lists: Object.fromEntries(
                borders.map((border) => {
                  const areas = border === 'surfel' ? facetAreasMm2(spacingMm) : null;
                  const { reference, prediction } = distances[border];
                  return [
                    border,
                    {
                      reference: WeightedDistances.of(reference, areas),
                      prediction: WeightedDistances.of(prediction, areas),
                    },
                  ];
                }),
              ) as Record<Border, BothLists>,
              emptyDistanceMm: emptyDistanceMm(this.#question, shape, spacingMm),
            },
      lesions: this.#question.lesions ? this.#lesions() : null,
    };
  }

  #boundary({ lists, emptyDistanceMm }: NonNullable<ClassPoolPart['boundary']>): BoundaryValues {
    const question = {
      percentiles: this.#question.percentiles,
      tolerancesMm: tolerancesOf(this.#question, this.#class.name),
    };
    return Object.fromEntries(
      borders.map((border) => [border, borderValues(border, lists[border], question, emptyDistanceMm)]),
    ) as Record<Border, BorderValues>;
  }

  #lesions(): LesionCounts {
    const { components } = this.#class;
    const { bratsRule, affine } = this.#shapes;
    const none = bratsRule === null ? null : noLesions(whyNoDistances(affine) === null);
    const brats = this.#class.brats ?? none;
    if (components === null) {
      return {
        components: { reference: 0, prediction: 0 },
        detection: addDetections([]),
        panoptic: addPanoptics([]),
        brats,
      };
    }
    const table = atConnectivity(components, this.#question.connectivity);
    return {
      components: { reference: table.reference.count, prediction: table.prediction.count },
      detection: detect(table),
      panoptic: panoptic(table, this.#question.matchIou),
      brats,
    };
  }
}

/** The values of a class over cases. */
export class ClassPool {
  readonly #question: ShapeSettings;
  readonly #borders: Record<Border, BorderPool>;
  readonly #lesions: LesionCounts[] = [];
  #hasBoundary = false;

  constructor(name: string, question: ShapeSettings) {
    const asked = { percentiles: question.percentiles, tolerancesMm: tolerancesOf(question, name) };
    this.#question = question;
    this.#borders = { voxel: new BorderPool('voxel', asked), surfel: new BorderPool('surfel', asked) };
  }

  add({ boundary, lesions }: ClassPoolPart): void {
    if (lesions) this.#lesions.push(lesions);
    if (!boundary) return;
    this.#hasBoundary = true;
    const { lists, emptyDistanceMm } = boundary;
    for (const border of borders) this.#borders[border].add({ lists: lists[border], emptyDistanceMm });
  }

  /** After all cases: whether they are to be given to `addRows`. */
  chooseRows(): boolean {
    // Both are to choose.
    return borders.map((border) => this.#borders[border].chooseRows()).includes(true);
  }

  addRows({ boundary }: ClassPoolPart): void {
    if (!boundary) return;
    const { lists, emptyDistanceMm } = boundary;
    for (const border of borders) this.#borders[border].addRows({ lists: lists[border], emptyDistanceMm });
  }

  values(): PooledShapeValues {
    const { voxel, surfel } = this.#borders;
    return {
      ...(this.#hasBoundary ? { boundary: { voxel: voxel.values(), surfel: surfel.values() } } : {}),
      ...(this.#lesions.length > 0 ? { lesions: lesionValues(this.#question, this.#lesions) } : {}),
    };
  }
}

function lesionValues(question: ShapeSettings, counts: readonly LesionCounts[]): LesionValues {
  const sum = (side: 'reference' | 'prediction') =>
    counts.reduce((all, { components }) => all + components[side], 0);
  const brats = counts.flatMap((one) => (one.brats ? [one.brats] : []));
  return {
    connectivity: question.connectivity,
    components: { reference: sum('reference'), prediction: sum('prediction') },
    detection: detectionValues(addDetections(counts.map(({ detection }) => detection))),
    panoptic: panopticValues(addPanoptics(counts.map((one) => one.panoptic))),
    ...(question.lesionPreset && brats.length === counts.length ? { brats: bratsValues(brats) } : {}),
  };
}
