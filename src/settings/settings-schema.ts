/** The settings that a run's folder holds, checked: the folder may come from another site. */
import * as z from 'zod';
import type { RunSettings } from './run-settings.ts';
import { shapeSettingsSchema } from './shape-settings.ts';

const label = z.number().int();
const bytes = z.number().nonnegative();
const vec3 = z.tuple([z.number(), z.number(), z.number()]);

const stored = z.object({
  scores: z.enum(['probability', 'logit', 'label']),
  channels: z.enum(['exclusive', 'independent']),
  channelCount: z.number().int().positive(),
  // Absent in runs of versions that had none of these settings.
  channelLabels: z.array(label).optional(),
  scale: z.number().positive().default(1),
  roundLabels: z.number().min(0).default(0),
  decisions: z.array(z.string()).default([]),
  scoresFound: z.boolean().default(false),
  classes: z.array(
    z.object({
      name: z.string(),
      labels: z.union([z.array(label), z.literal('positive')]),
      channels: z.array(z.number().int().nonnegative()),
    }),
  ),
  labelNames: z.record(z.string(), z.string()).optional(),
  ignoreLabel: z.number().nullable(),
  unknownLabels: z.enum(['refuse', 'background']),
  convention: z.enum(['pytorch', 'keras']),
  losses: z.string(),
  terms: z.array(z.object({ gamma: z.number(), clip: z.number() })),
  lovasz: z.array(z.enum(['hinge', 'softmax'])),
  crossEntropyClip: z.number(),
  threshold: z.number().min(0).lt(1),
  fbeta: z.number().positive(),
  probabilityTolerance: z.number(),
  clamp: z.boolean(),
  reorient: z.boolean(),
  geometryToleranceMm: z.number(),
  allowIdentical: z.boolean().optional(),
  tileShape: vec3.nullable(),
  tileVoxels: z.number(),
  bundleVoxels: z.number(),
  stageAboveBytes: bytes,
  mergeFanIn: z.number().int().min(2),
  keepShards: z.enum(['auto', 'always', 'never']),
  keepShardsMaxBytes: bytes,
  audit: z.string().optional(),
  shapes: shapeSettingsSchema.optional(),
});

export const settingsSchema: z.ZodType<RunSettings> = stored.transform(
  ({ channelLabels, audit, shapes, ...rest }): RunSettings => ({
    ...rest,
    channelLabels: channelLabels ?? labelsByPlace(rest),
    ...(audit === undefined ? {} : { audit }),
    ...(shapes === undefined ? {} : { shapes }),
  }),
);

/** Channel k scored label k in versions without `channelLabels`. */
function labelsByPlace({
  scores,
  channelCount,
}: Pick<RunSettings, 'scores' | 'channelCount'>): readonly number[] {
  return scores === 'label' || channelCount === 1 ? [] : Array.from({ length: channelCount }, (_, k) => k);
}
