/** Look-up tables from the 16-bit code of a reference label (see label-codes.ts) to what a voxel is. */
import type { RunSettings } from '../../settings/run-settings.ts';
import { bucketCount as codeCount } from '../sorted-errors/shard/directory.ts';
import type { LabelCodes } from './label-codes.ts';

/** Bits of a mask byte. */
export const maskBits = { foreground: 1, ignored: 2, unknown: 4 } as const;

const noChannel = 65535;

/** 1 for a class's labels, 0 for all others. */
export function classLut(
  labels: readonly number[] | 'positive',
  ignoreLabel: number | null,
  codes: LabelCodes,
): Uint8Array {
  const table = new Uint8Array(codeCount);
  if (labels === 'positive') table.fill(1, 1);
  else setLabels(table, labels, 1, codes);
  const code = codes.ignored(ignoreLabel);
  if (code >= 0) table[code] = 0;
  return table;
}

/** Ignored voxels, and labels that neither a class nor a channel has. */
export function gateLut(
  { classes, channels, channelLabels, ignoreLabel, unknownLabels, scores }: RunSettings,
  codes: LabelCodes,
): Uint8Array {
  const table = new Uint8Array(codeCount);
  const namesLabels = classes.length > 0 && classes.every((runClass) => runClass.labels !== 'positive');
  if (unknownLabels === 'refuse' && namesLabels) {
    table.fill(maskBits.unknown, 1);
    for (const { labels } of classes) {
      if (labels !== 'positive') setLabels(table, labels, 0, codes);
    }
    if (channels === 'exclusive' && scores !== 'label') setLabels(table, channelLabels, 0, codes);
  }
  const code = codes.ignored(ignoreLabel);
  if (code >= 0) table[code] = maskBits.ignored;
  return table;
}

/** The channel that scores each label. */
export function channelTable(
  channelLabels: readonly number[],
  ignoreLabel: number | null,
  codes: LabelCodes,
): Uint16Array {
  const table = new Uint16Array(codeCount).fill(noChannel);
  for (const [channel, label] of channelLabels.entries()) setLabels(table, [label], channel, codes);
  const code = codes.ignored(ignoreLabel);
  if (code >= 0) table[code] = noChannel;
  return table;
}

/** Labels without a code occur nowhere in the tile. */
function setLabels(
  table: Uint8Array | Uint16Array,
  labels: readonly number[],
  value: number,
  codes: LabelCodes,
): void {
  for (const label of labels) {
    const code = codes.codeOf(label);
    if (code !== undefined) table[code] = value;
  }
}
