import { voxelCount } from '../base/box.ts';
import { compareLabels, type Label, labelOf } from '../base/label.ts';
import { readBlocks } from '../volumes/read-voxels.ts';
import { storedReaders } from '../volumes/stored-readers.ts';
import { datatypeBytes, type VolumeHeader } from '../volumes/types.ts';

/** Voxels that are read at a time, and at most: of types whose stored values fit a table, and of others. */
const blockVoxels = 2 ** 20;
const mostVoxels = { narrow: 2 ** 26, wide: 2 ** 24 } as const;
/** A label map with more labels than this needs no more of them to be told apart. */
const mostLabels = 2 ** 16;

/**
 * The whole numbers nearest to the values of a volume, ascending: the labels of a label map. Of very large volumes those
 * of their first voxels. Stored integers without a slope are exact.
 * @throws InputError for a damaged file, behind these voxels as far as `finishOrCheck` can tell
 */
export async function labelsOf(header: VolumeHeader): Promise<Label[]> {
  const { datatype, littleEndian, slope, intercept, shape, channels } = header;
  const bytes = datatypeBytes[datatype];
  const table = bytes <= 2 ? new Uint8Array(65536) : undefined;
  const found = new Set<Label>();
  const addLabel = (label: Label) => {
    if (found.size < mostLabels) found.add(label);
  };
  const add = (stored: number) => {
    const value = Math.round(stored * slope + intercept) + 0;
    if (Number.isFinite(value)) addLabel(value);
  };
  const exact = slope === 1 && intercept === 0 ? exactReaders[datatype] : undefined;
  const read = storedReaders[datatype];
  const total = Math.min(voxelCount(shape) * channels, table ? mostVoxels.narrow : mostVoxels.wide);
  for await (const block of readBlocks(header, total * bytes, blockVoxels * bytes)) {
    const view = new DataView(block.buffer);
    if (exact) for (let at = 0; at < block.length; at += 8) addLabel(exact(view, at, littleEndian));
    else if (!table) for (let at = 0; at < block.length; at += bytes) add(read(view, at, littleEndian));
    else if (bytes === 1) for (const byte of block) table[byte] = 1;
    else for (let at = 0; at < block.length; at += 2) table[view.getUint16(at, littleEndian)] = 1;
  }
  if (table) addMarked(table, header, add);
  return [...found].sort(compareLabels);
}

/** Of types whose values a number may round. A negative value is a number: it is not a label, and its sign is all it tells. */
const exactReaders: Partial<
  Record<VolumeHeader['datatype'], (view: DataView, at: number, littleEndian: boolean) => Label>
> = {
  uint64: (view, at, little) => labelOf(view.getBigUint64(at, little)),
  int64: (view, at, little) => labelOf(view.getBigInt64(at, little)),
};

/** Takes the stored values whose bits are marked. */
function addMarked(table: Uint8Array, { datatype }: VolumeHeader, add: (stored: number) => void): void {
  const bits = new DataView(new ArrayBuffer(2));
  for (let mark = table.indexOf(1); mark >= 0; mark = table.indexOf(1, mark + 1)) {
    if (datatypeBytes[datatype] === 1) bits.setUint8(0, mark);
    else bits.setUint16(0, mark, true);
    add(storedReaders[datatype](bits, 0, true));
  }
}
