/** Voxels of a volume at a grid of places: what a small picture of a large volume needs. */
import { openStream } from '../../volumes/gzip-stream.ts';
import { openRaw } from '../../volumes/raw-source.ts';
import { storedReaders } from '../../volumes/stored-readers.ts';
import { datatypeBytes, type VolumeHeader } from '../../volumes/types.ts';

/** Ascending voxel places along `[x, y, z]` of the file. */
export type Places = readonly [readonly number[], readonly number[], readonly number[]];

/** Values at the places of some channels, x fastest, by channel. A gzip file is inflated once, in bounded memory. */
export async function sampleVolume(
  header: VolumeHeader,
  channels: readonly number[],
  places: Places,
): Promise<Map<number, Float32Array>> {
  const size = places[0].length * places[1].length * places[2].length;
  const sampled = new Map(channels.map((channel) => [channel, new Float32Array(size)]));
  const [nx, ny, nz] = header.shape;
  const plane = new Uint8Array(nx * ny * datatypeBytes[header.datatype]);
  const take = (channel: number, slot: number) => pick(header, plane, places, sampled.get(channel)!, slot);
  if (!header.compressed) {
    const source = openRaw(header);
    try {
      for (const channel of sampled.keys()) {
        places[2].forEach((z, slot) => {
          source.readBox(channel, { origin: [0, 0, z], shape: [nx, ny, 1] }, plane);
          take(channel, slot);
        });
      }
    } finally {
      source.close();
    }
    return sampled;
  }
  const slots = new Map(places[2].map((z, slot) => [z, slot]));
  const stream = openStream(header);
  try {
    for (let channel = 0; channel <= Math.max(...channels); channel++) {
      for (let z = 0; z < nz; z++) {
        await stream.read(plane);
        const slot = slots.get(z);
        if (slot !== undefined && sampled.has(channel)) take(channel, slot);
      }
    }
  } finally {
    stream.close();
  }
  return sampled;
}

function pick(
  header: VolumeHeader,
  plane: Uint8Array,
  places: Places,
  target: Float32Array,
  slot: number,
): void {
  const { slope, intercept, shape, littleEndian, datatype } = header;
  const bytes = datatypeBytes[datatype];
  const view = new DataView(plane.buffer);
  const read = storedReaders[datatype];
  const [xs, ys] = places;
  let at = slot * xs.length * ys.length;
  for (const y of ys) {
    const row = y * shape[0];
    for (const x of xs) target[at++] = read(view, (row + x) * bytes, littleEndian) * slope + intercept;
  }
}
