/** One (prediction, reference) pair of a run, before any file of it was opened. */
export interface ManifestCase {
  readonly id: string;
  /** One file, or one a class channel, channel 0 first; empty when `missing`. */
  readonly predictions: readonly string[];
  readonly reference: string;
  /** The scan that the prediction was made of: display only. */
  readonly image?: string;
  /** Site, scanner or any other grouping of cases. */
  readonly group?: string;
  /** The reference has no prediction; the setting `missingPrediction` decides what that costs. */
  readonly missing?: 'prediction';
}
