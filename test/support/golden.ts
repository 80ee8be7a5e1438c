import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import * as nifti from 'nifti-reader-js';

/** The golden pairs as float32 scores and labels, read whole by another reader than the product's own. */

const folder = new URL('../golden/', import.meta.url);

/** Path of a golden file. */
export function golden(name: string): string {
  return fileURLToPath(new URL(name, folder));
}

export interface GoldenCase {
  readonly id: string;
  readonly scores: 'probability' | 'logit' | 'label';
  readonly prediction: string;
  readonly reference: string;
  readonly ignore: number | null;
  readonly classes: Readonly<
    Record<string, Readonly<Record<string, number | null>> & { readonly hard: object }>
  >;
  readonly confusion?: number[][];
  readonly lovasz_softmax_present?: number;
  readonly cross_entropy?: number;
}

export const goldenCases = (
  JSON.parse(readFileSync(new URL('golden.json', folder), 'utf8')) as { cases: GoldenCase[] }
).cases;

export interface Voxels {
  /** `[x, y, z]`. */
  readonly shape: readonly [number, number, number];
  readonly channels: number;
  /** Channel after channel, x fastest: value = stored · slope + intercept in float64, then float32. */
  readonly values: Float32Array;
}

const readers: Readonly<
  Record<number, [bytes: number, read: (view: DataView, at: number, little: boolean) => number]>
> = {
  2: [1, (view, at) => view.getUint8(at)],
  4: [2, (view, at, little) => view.getInt16(at, little)],
  8: [4, (view, at, little) => view.getInt32(at, little)],
  16: [4, (view, at, little) => view.getFloat32(at, little)],
  64: [8, (view, at, little) => view.getFloat64(at, little)],
};

export function readGolden(name: string): Voxels {
  const file = readFileSync(new URL(name, folder));
  const bytes = new Uint8Array(name.endsWith('.gz') ? gunzipSync(file) : file);
  const header = nifti.readHeader(bytes.buffer);
  if (header === null) throw new Error(`${name} has no NIfTI header`);
  const [, x = 1, y = 1, z = 1, channels = 1] = header.dims;
  const rank = header.dims[0] ?? 3;
  const shape = [x, rank > 1 ? y : 1, rank > 2 ? z : 1] as const;
  const channelCount = rank > 3 ? channels : 1;
  const reader = readers[header.datatypeCode];
  if (reader === undefined) throw new Error(`${name} has datatype ${header.datatypeCode}`);
  const [size, read] = reader;
  const view = new DataView(bytes.buffer, header.vox_offset);
  const scaled = header.scl_slope !== 0 && !Number.isNaN(header.scl_slope);
  const [slope, intercept] = scaled ? [header.scl_slope, header.scl_inter] : [1, 0];
  const count = shape[0] * shape[1] * shape[2] * channelCount;
  const values = Float32Array.from(
    { length: count },
    (_, i) => read(view, i * size, header.littleEndian) * slope + intercept,
  );
  return { shape, channels: channelCount, values };
}

/** Values of a volume, one array per channel. */
export function readChannels(name: string): number[][] {
  const { channels, values } = readGolden(name);
  const size = values.length / channels;
  return Array.from({ length: channels }, (_, k) => [...values.subarray(k * size, (k + 1) * size)]);
}
