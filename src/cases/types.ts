import * as z from 'zod';
import type { DeepReadonly } from '../base/deep-readonly.ts';

/** One (prediction, reference) pair of a run, before any file of it was opened. */
export const manifestCaseSchema = z.object({
  id: z.string(),
  /** One file, or one per class channel, channel 0 first; empty when `missing`. */
  predictions: z.array(z.string()),
  reference: z.string(),
  /** The scan that the prediction was made of: display only. */
  image: z.string().exactOptional(),
  /** Site, scanner or any other grouping of cases. */
  group: z.string().exactOptional(),
  /** The reference has no prediction; the setting `missingPrediction` decides what that costs. */
  missing: z.literal('prediction').exactOptional(),
});
export type ManifestCase = DeepReadonly<z.infer<typeof manifestCaseSchema>>;
