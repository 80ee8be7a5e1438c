/** Voxels that are looked at before a run, to find out what its files hold. */
import { type Box, type Vec3, voxelCount } from '../base/box.ts';
import { readBoxes, type TakeBox } from '../volumes/read-voxels.ts';
import { storedReaders } from '../volumes/stored-readers.ts';
import { datatypeBytes, type VolumeHeader } from '../volumes/types.ts';

/** Values that are held at once, all channels together. */
const mostValues = 2 ** 22;
/** Bytes of a file that are inflated for them at most: what lies behind is not looked at. */
const mostInflatedBytes = 2 ** 28;
/** Planes over which the values are spread. */
const mostPlanes = 64;

export interface VoxelSample {
  /** Whole rows of voxels, in file order. */
  readonly boxes: readonly Box[];
  /**
   * For each channel its values (stored * slope + intercept) in those boxes, one box behind the other; undefined where
   * the channel lies too deep in a compressed file.
   */
  readonly channels: readonly (Float64Array | undefined)[];
  /** Whether it is all voxels of all channels. */
  readonly whole: boolean;
}

/** Looks at the same voxels of all channels: planes spread over the volume. @throws InputError for a file that is damaged, there or behind them */
export async function sampleVoxels(headers: readonly VolumeHeader[]): Promise<VoxelSample> {
  const { shape } = headers[0]!;
  const channelCount = headers.reduce((sum, { channels }) => sum + channels, 0);
  const voxels = Math.max(1, Math.floor(mostValues / channelCount));
  const reach = Math.min(...headers.map((header) => reachedPlanes(header)));
  const boxes = sampleBoxes([shape[0], shape[1], reach], voxels);
  const channels: (Float64Array | undefined)[] = [];
  for (const header of headers) {
    channels.push(...(await valuesOf(header, boxes)));
  }
  const seen = boxes.reduce((sum, box) => sum + voxelCount(box.shape), 0);
  return { boxes, channels, whole: seen === voxelCount(shape) && channels.every((values) => values) };
}

/** The voxel `[x, y, z]` of a place in a sampled channel. */
export function sampledVoxel(boxes: readonly Box[], place: number): Vec3 {
  let at = place;
  for (const { origin, shape } of boxes) {
    const voxels = voxelCount(shape);
    if (at < voxels) {
      return [
        at % shape[0],
        origin[1] + (Math.floor(at / shape[0]) % shape[1]),
        origin[2] + Math.floor(at / (shape[0] * shape[1])),
      ];
    }
    at -= voxels;
  }
  throw new RangeError(`${place} is beyond the sample`);
}

/** Planes that can be read: all of a raw file, those near the start of a large compressed one. */
function reachedPlanes({ compressed, shape, datatype }: VolumeHeader): number {
  const planeBytes = shape[0] * shape[1] * datatypeBytes[datatype];
  return compressed ? Math.min(shape[2], Math.max(1, Math.floor(mostInflatedBytes / planeBytes))) : shape[2];
}

/** Whole planes if the volume is small, else planes (of very large ones the middle rows) spread over it. */
function sampleBoxes(shape: Vec3, voxels: number): Box[] {
  if (voxelCount(shape) <= voxels) return [{ origin: [0, 0, 0], shape }];
  const [nx, ny, nz] = shape;
  const planes = Math.min(nz, mostPlanes, Math.max(1, Math.floor(voxels / (nx * ny))));
  const rows = Math.min(ny, Math.max(1, Math.floor(voxels / planes / nx)));
  return Array.from({ length: planes }, (_, i): Box => {
    const z = Math.floor(((i + 0.5) * nz) / planes);
    return { origin: [0, (ny - rows) >> 1, z], shape: [nx, rows, 1] };
  });
}

/** The values of the boxes, one behind the other; undefined for channels that lie too deep in a compressed file. */
async function valuesOf(header: VolumeHeader, boxes: readonly Box[]): Promise<(Float64Array | undefined)[]> {
  const { datatype, littleEndian, slope, intercept, shape, channels, compressed } = header;
  const bytes = datatypeBytes[datatype];
  const value = storedReaders[datatype];
  const size = boxes.reduce((sum, box) => sum + voxelCount(box.shape), 0);
  const isReached = (channel: number) =>
    !compressed || channel === 0 || (channel + 1) * voxelCount(shape) * bytes <= mostInflatedBytes;
  const values = Array.from({ length: channels }, (_, channel) =>
    isReached(channel) ? new Float64Array(size) : undefined,
  );
  let at = 0;
  const take: TakeBox = (stored, box, channel) => {
    const view = new DataView(stored.buffer, stored.byteOffset, stored.length);
    const own = values[channel]!;
    if (box === boxes[0]) at = 0;
    for (let i = 0; i < stored.length; i += bytes) {
      own[at++] = value(view, i, littleEndian) * slope + intercept;
    }
  };
  await readBoxes(header, [...values.keys()].filter(isReached), boxes, take, { whole: true });
  return values;
}
