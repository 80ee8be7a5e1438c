/** What is asked of the shapes of masks: borders and lesions. All but `boundary` and `lesions` may be asked again later. */
import * as z from 'zod';
import type { DeepReadonly } from '../base/deep-readonly.ts';
import { UsageError } from '../base/errors.ts';
import { type BratsPreset, type Connectivity, type MeasureName, presetNames } from './shape-names.ts';

export const percentileList = z.array(z.number().positive().max(100)).min(1).max(16);
const toleranceList = z.array(z.number().min(0).max(1000)).min(1).max(16);
export const tolerances = z.union([toleranceList, z.record(z.string().min(1), toleranceList)]);
export const emptyDistance = z.union([z.null(), z.literal('diagonal'), z.number().min(0).max(1e6)]);
export const matchIou = z.number().min(0).lt(1);
export const connectivity = z.union([z.literal(6), z.literal(18), z.literal(26)]);
export const preset = z.enum(presetNames);

/** As a run stores it. */
export const shapeSettingsSchema = z.object({
  boundary: z.boolean(),
  lesions: z.boolean(),
  percentiles: percentileList,
  tolerancesMm: tolerances,
  emptyDistance,
  connectivity,
  matchIou,
  lesionPreset: preset.nullable(),
});

/** `tolerancesMm`: of all classes, or of each by name. `emptyDistance` stands for a distance where exactly one mask is empty. */
export type ShapeSettings = DeepReadonly<z.infer<typeof shapeSettingsSchema>>;

/** @throws UsageError for tolerances of a class that there is not */
export function checkTolerances(shapes: ShapeSettings | undefined, classes: readonly string[]): void {
  if (!shapes || isForAll(shapes.tolerancesMm)) return;
  const unknown = Object.keys(shapes.tolerancesMm).find((name) => !classes.includes(name));
  if (unknown === undefined) return;
  throw new UsageError(
    'class-unknown',
    `--nsd-tolerance: there is no class "${unknown}"; the classes are ${classes.join(', ')}`,
    { field: 'nsdTolerancesMm' },
  );
}

/** The settings of a run, from its configuration; undefined where neither borders nor lesions are asked for. */
export function shapeSettings(config: {
  readonly measures: readonly MeasureName[];
  readonly percentiles: ShapeSettings['percentiles'];
  readonly nsdTolerancesMm: ShapeSettings['tolerancesMm'];
  readonly emptyDistance: ShapeSettings['emptyDistance'];
  readonly connectivity: Connectivity;
  readonly matchIou: number;
  readonly lesionPreset: BratsPreset | null;
}): ShapeSettings | undefined {
  const boundary = config.measures.includes('boundary');
  const lesions = config.measures.includes('lesions');
  if (!boundary && !lesions) return undefined;
  const { nsdTolerancesMm: given } = config;
  return {
    boundary,
    lesions,
    percentiles: ascending(config.percentiles),
    tolerancesMm: isForAll(given)
      ? ascending(given)
      : Object.fromEntries(Object.entries(given).map(([name, own]) => [name, ascending(own)])),
    emptyDistance: config.emptyDistance,
    connectivity: config.connectivity,
    matchIou: config.matchIou,
    lesionPreset: config.lesionPreset,
  };
}

function isForAll(tolerancesMm: ShapeSettings['tolerancesMm']): tolerancesMm is readonly number[] {
  return Array.isArray(tolerancesMm);
}

/** Each number once. */
function ascending(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}
