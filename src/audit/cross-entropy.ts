/** The cross-entropy of a tile over channels that compete, by tensors. */
import type { RunSettings } from '../settings/run-settings.ts';
import { flatSums } from '../tfjs/flat.ts';
import { unitRoundoff } from '../tfjs/sums.ts';
import { flushSubnormals } from './subnormals.ts';
import type { TileVoxels } from './tile-voxels.ts';
import type { AuditValue } from './values.ts';
import { voxelTerm } from './voxel-term.ts';

/** Voxels whose tensors live at once. */
const chunkVoxels = 2 ** 21;
/** Beyond this margin log(1 + exp z) is z itself: the rest is below 2^-170. Less than the 100 at which `flatSums` cuts. */
const linearFrom = 90;
/** A margin's rounding to float32; the derivative grows by less than 2^-17 over that way, since margins above 90 add nothing. */
const marginRounding = unitRoundoff * (1 + 2 ** -17);
/** Roundings of the run's own float64 term; its sum has none. */
const termSlack = 2 ** -47;

/** Σ -log p of the label's channel; labels without a channel are left out. */
export async function crossEntropy(
  { reference, channels }: TileVoxels,
  { scores: kind, crossEntropyClip, channelLabels }: RunSettings,
): Promise<{ readonly voxels: number; readonly sum: AuditValue }> {
  const channelOf = new Map(channelLabels.map((label, channel) => [label, channel]));
  const own = reference.filter((label) => channelOf.has(label)).length;
  const scores = new Float32Array(own);
  /** Of margins that are added here, and how far the rounding of the others to float32 moves the sum. */
  let linear = 0;
  let rounding = 0;
  let at = 0;
  for (let i = 0; i < reference.length; i++) {
    const channel = channelOf.get(reference[i]!);
    if (channel === undefined) continue;
    if (kind === 'probability') {
      scores[at++] = channels[channel]![i]!;
      continue;
    }
    const margin = marginOf(channels, channel, i);
    if (margin < -linearFrom) {
      linear -= margin;
      continue;
    }
    scores[at++] = margin;
    // The derivative of log(1 + exp(-x)) is at most 1, and at most exp(-x).
    rounding += Math.abs(margin) * Math.min(1, Math.exp(-margin)) * marginRounding;
  }
  let [value, bound] = [linear, rounding];
  const spec = { gamma: 0, clip: kind === 'logit' ? 0 : crossEntropyClip };
  const given = scores.subarray(0, at);
  const flushed = kind === 'probability' ? flushSubnormals(given) : { scores: given, places: [] };
  for (const i of flushed.places) value += voxelTerm(given[i]!, spec) - voxelTerm(0, spec);
  for (let start = 0; start < at; start += chunkVoxels) {
    const chunk = flushed.scores.subarray(start, Math.min(start + chunkVoxels, at));
    const voxels = {
      scores: chunk,
      truth: new Uint8Array(chunk.length).fill(1),
      from: kind === 'logit' ? 'logit' : 'probability',
    } as const;
    const { terms } = await flatSums(voxels, [spec]);
    value += terms[0]!.foreground.value;
    bound += terms[0]!.foreground.bound;
  }
  return { voxels: own, sum: { value, bound: bound + termSlack * value } };
}

/** The log-odds of a channel: its x - log Σ exp x_k over the others, so that -log p is log(1 + exp(-margin)). */
function marginOf(channels: readonly Float32Array[], own: number, i: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < channels.length; c++) if (c !== own) largest = Math.max(largest, channels[c]![i]!);
  let sum = 0;
  for (let c = 0; c < channels.length; c++) if (c !== own) sum += Math.exp(channels[c]![i]! - largest);
  return channels[own]![i]! - largest - Math.log(sum);
}
