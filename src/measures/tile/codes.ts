/** Look-up tables from the 16-bit code of a reference label (see the kernel `convertLabels`) to what a voxel is. */
import type { RunSettings } from '../../settings/run-settings.ts';
import { bucketCount as codeCount } from '../sorted-errors/shard/directory.ts';

/** Bits of a mask byte. */
export const maskBits = { foreground: 1, ignored: 2, unknown: 4 } as const;

/** The code of an ignored label that is no code itself: negative or above 65534. */
const ignoredCode = 65535;

const noChannel = 65535;

/** The code that ignored voxels have; -1 where nothing is ignored. */
export function ignored(ignoreLabel: number | null): number {
  if (ignoreLabel === null) return -1;
  return Number.isInteger(ignoreLabel) && ignoreLabel >= 0 && ignoreLabel < ignoredCode
    ? ignoreLabel
    : ignoredCode;
}

/** 1 for a class's labels, 0 for all others. */
export function classLut(labels: readonly number[] | 'positive', ignoreLabel: number | null): Uint8Array {
  const table = new Uint8Array(codeCount);
  if (labels === 'positive') table.fill(1, 1);
  else for (const label of labels) table[label] = 1;
  const code = ignored(ignoreLabel);
  if (code >= 0) table[code] = 0;
  return table;
}

/** Ignored voxels, and labels that neither a class nor a channel has. */
export function gateLut({
  classes,
  channels,
  channelLabels,
  ignoreLabel,
  unknownLabels,
  scores,
}: RunSettings): Uint8Array {
  const table = new Uint8Array(codeCount);
  const namesLabels = classes.length > 0 && classes.every((runClass) => runClass.labels !== 'positive');
  if (unknownLabels === 'refuse' && namesLabels) {
    table.fill(maskBits.unknown, 1);
    for (const { labels } of classes) {
      if (labels !== 'positive') for (const label of labels) table[label] = 0;
    }
    if (channels === 'exclusive' && scores !== 'label') for (const label of channelLabels) table[label] = 0;
  }
  const code = ignored(ignoreLabel);
  if (code >= 0) table[code] = maskBits.ignored;
  return table;
}

/** The channel that scores each label. */
export function channelTable(channelLabels: readonly number[], ignoreLabel: number | null): Uint16Array {
  const table = new Uint16Array(codeCount).fill(noChannel);
  for (const [channel, label] of channelLabels.entries()) table[label] = channel;
  const code = ignored(ignoreLabel);
  if (code >= 0) table[code] = noChannel;
  return table;
}
