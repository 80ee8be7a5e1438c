/** What a case keeps of its shapes: distances, components and lesions of each class, as a file. */
import * as z from 'zod';
import type { Vec3 } from '../../base/box.ts';
import { vec3Schema } from '../../base/vec3-schema.ts';
import type { BratsRule } from '../../settings/shape-names.ts';
import { decodeComponents, decodeDistances, encodeComponents, encodeDistances } from './distance-codec.ts';
import type { NamedSection, SectionFile } from './section-file.ts';
import type { ClassShapes } from './tasks.ts';

export interface CaseShapes {
  /** `[x, y, z]` of the volume. */
  readonly shape: Vec3;
  readonly spacingMm: Vec3;
  /** Volume of a voxel. */
  readonly voxelMm3: number;
  /** Row-major 4 x 4 matrix from voxel to mm. */
  readonly affine: readonly number[];
  /** Why there are no distances, where they were asked for; null otherwise. */
  readonly noBoundary: string | null;
  /** The rule by which `brats` was measured. */
  readonly bratsRule: BratsRule | null;
  readonly classes: readonly ClassShapes[];
}

const bratsSchema = z.object({
  distances: z.boolean(),
  lesions: z.array(
    z.object({
      reference: z.array(z.number().int().positive()),
      prediction: z.array(z.number().int().positive()),
      mm3: z.number().positive(),
      dice: z.number().min(0).max(1),
      hd95: z.number().min(0).nullable(),
      found: z.boolean(),
      counted: z.boolean(),
    }),
  ),
  falsePositives: z.array(z.number().int().positive()),
});
const shapesSchema = z.looseObject({
  shapes: z.object({
    shape: vec3Schema,
    spacingMm: vec3Schema,
    voxelMm3: z.number().positive(),
    affine: z.array(z.number()).length(16),
    noBoundary: z.string().nullable(),
    bratsRule: z.object({ dilation: z.number().int().min(0), minMm3: z.number().min(0) }).nullable(),
    classes: z.array(
      z.object({
        name: z.string(),
        distances: z.boolean(),
        components: z.boolean(),
        brats: bratsSchema.nullable(),
      }),
    ),
  }),
});

/** What is to be said of the file, and its sections. */
export function encodeCaseShapes({ classes, ...rest }: CaseShapes): {
  about: object;
  sections: NamedSection[];
} {
  const about = {
    shapes: {
      ...rest,
      classes: classes.map(({ name, distances, components, brats }) => ({
        name,
        distances: distances !== null,
        components: components !== null,
        brats,
      })),
    },
  };
  const sections = classes.flatMap(({ distances, components }, index) => [
    ...(distances === null
      ? []
      : (['voxel', 'surfel'] as const).flatMap((border) =>
          (['reference', 'prediction'] as const).map((side) => ({
            name: `${index}/${border}/${side}`,
            bytes: encodeDistances(distances[border][side]),
          })),
        )),
    ...(components === null ? [] : [{ name: `${index}/components`, bytes: encodeComponents(components) }]),
  ]);
  return { about, sections };
}

/** The shapes of some classes, by default of all. @throws PartialError */
export function readCaseShapes(file: SectionFile, only?: ReadonlySet<string>): CaseShapes {
  const found = shapesSchema.safeParse(file.about);
  if (!found.success) throw file.corrupt('it does not say which shapes it holds', found.error);
  const { classes, ...rest } = found.data.shapes;
  return {
    ...rest,
    classes: classes.flatMap(({ name, distances, components, brats }, index) => {
      if (only && !only.has(name)) return [];
      const list = (border: string, side: string) =>
        decodeDistances(file.section(`${index}/${border}/${side}`));
      const lists = (border: string) => ({
        reference: list(border, 'reference'),
        prediction: list(border, 'prediction'),
      });
      return [
        {
          name,
          distances: distances ? { voxel: lists('voxel'), surfel: lists('surfel') } : null,
          components: components ? decodeComponents(file.section(`${index}/components`), rest.shape) : null,
          brats,
        },
      ];
    }),
  };
}

/** Bytes that decoded shapes take, but for what each object takes of itself. */
export function shapeBytes({ classes }: CaseShapes): number {
  const arrays = classes.flatMap(({ distances, components }) => [
    ...(distances
      ? Object.values(distances).flatMap(({ reference, prediction }) => [reference, prediction])
      : []),
    ...(components ? [components.reference, components.prediction, components.overlap] : []),
  ]);
  return arrays
    .flatMap((columns) => Object.values(columns))
    .reduce((sum, column) => sum + (ArrayBuffer.isView(column) ? column.byteLength : 0), 0);
}
