import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** The golden pairs and a reader that knows just what they need of NIfTI. */

const folder = new URL('../golden/', import.meta.url);

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

/** Values of a volume, float32-rounded, one array a channel. */
export function readChannels(name: string): number[][] {
  const stored = readFileSync(new URL(name, folder));
  const bytes = name.endsWith('.gz') ? gunzipSync(stored) : stored;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = [348, 540].includes(view.getInt32(0, true));
  const first = view.getInt32(0, little);
  const at =
    first === 348
      ? {
          type: view.getInt16(70, little),
          dims: Array.from({ length: 8 }, (_, i) => view.getInt16(40 + 2 * i, little)),
          offset: view.getFloat32(108, little),
          slope: view.getFloat32(112, little),
          intercept: view.getFloat32(116, little),
        }
      : {
          type: view.getInt16(12, little),
          dims: Array.from({ length: 8 }, (_, i) => Number(view.getBigInt64(16 + 8 * i, little))),
          offset: Number(view.getBigInt64(168, little)),
          slope: view.getFloat64(176, little),
          intercept: view.getFloat64(184, little),
        };
  const readers: Record<number, [size: number, read: (offset: number) => number]> = {
    2: [1, (o) => view.getUint8(o)],
    4: [2, (o) => view.getInt16(o, little)],
    8: [4, (o) => view.getInt32(o, little)],
    16: [4, (o) => view.getFloat32(o, little)],
    64: [8, (o) => view.getFloat64(o, little)],
  };
  const [size, read] = readers[at.type]!;
  const voxels = at.dims[1]! * at.dims[2]! * at.dims[3]!;
  const channels = at.dims[0]! > 3 ? at.dims[4]! : 1;
  const scaled = at.slope !== 0 && Number.isFinite(at.slope);
  const [slope, intercept] = scaled ? [at.slope, at.intercept] : [1, 0];
  return Array.from({ length: channels }, (_, c) =>
    Array.from({ length: voxels }, (_, i) =>
      Math.fround(read(at.offset + (c * voxels + i) * size) * slope + intercept),
    ),
  );
}
