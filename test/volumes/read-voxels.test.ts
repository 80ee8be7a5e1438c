import { describe, expect, test } from 'vitest';
import type { Box, Vec3 } from '../../src/base/box.ts';
import { CaseBoxes, CaseStream, roomFor } from '../../src/volumes/case-reader.ts';
import { readHeader } from '../../src/volumes/formats.ts';
import { writeNifti } from '../../src/volumes/nifti/write.ts';
import { readBlocks, readBoxes } from '../../src/volumes/read-voxels.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();
const shape: Vec3 = [5, 4, 3];
const voxels = 5 * 4 * 3;
/** Each voxel is its own place, channels behind each other. */
const places = (channels: number, first = 0) =>
  Uint16Array.from({ length: channels * voxels }, (_, i) => first + i);

async function volume(name: string, channels = 1, first = 0) {
  const path = folder(name);
  const gzip = name.endsWith('.gz');
  await writeNifti(path, { shape, channels, datatype: 'uint16', data: places(channels, first), gzip });
  return readHeader(path);
}

describe.each(['raw.nii', 'packed.nii.gz'])('boxes of %s', (name) => {
  test('rows and planes of some channels, with what lies between skipped', async () => {
    const header = await volume(name, 3);
    const boxes: Box[] = [
      { origin: [0, 1, 0], shape: [5, 2, 1] },
      { origin: [0, 0, 2], shape: [5, 4, 1] },
    ];
    const found: number[][] = [];
    let told = 0;
    await readBoxes(
      header,
      [0, 2],
      boxes,
      (bytes, box, channel) => {
        const values = new Uint16Array(bytes.slice().buffer);
        found.push([channel, boxes.indexOf(box), values[0]!, values.at(-1)!, values.length]);
      },
      { onBytes: (bytes) => (told += bytes) },
    );
    expect(found).toEqual([
      [0, 0, 5, 14, 10],
      [0, 1, 40, 59, 20],
      [2, 0, 125, 134, 10],
      [2, 1, 160, 179, 20],
    ]);
    expect(told).toBe(2 * (header.compressed ? 180 : 60));
  });

  test('blocks from the start', async () => {
    const header = await volume(name, 2);
    const blocks: Uint8Array[] = [];
    for await (const block of readBlocks(header, 200, 64)) blocks.push(block);
    expect(blocks.map(({ length }) => length)).toEqual([64, 64, 64, 8]);
    expect(new Uint16Array(new Uint8Array(Buffer.concat(blocks)).buffer)).toEqual(places(2).subarray(0, 100));
  });
});

test('a box whose voxels lie apart is read of a raw file only', async () => {
  const apart: Box[] = [{ origin: [1, 0, 0], shape: [2, 4, 1] }];
  const values: number[] = [];
  await readBoxes(await volume('apart.nii'), [0], apart, (bytes) => {
    values.push(...new Uint16Array(bytes.slice().buffer));
  });
  expect(values).toEqual([1, 2, 6, 7, 11, 12, 16, 17]);
  const packed = await volume('apart.nii.gz');
  await expect(readBoxes(packed, [0], apart, () => {})).rejects.toThrow(RangeError);
});

test('the files of a case: a box of all, and all from the start', async () => {
  const raw = {
    predictions: [await volume('a.nii', 2), await volume('b.nii', 1, 1000)],
    reference: await volume('r.nii', 1, 2000),
    mapping: null,
  };
  const files = new CaseBoxes(raw);
  const bytes = roomFor(raw, 4);
  files.read({ origin: [1, 1, 1], shape: [4, 1, 1] }, bytes);
  files.close();
  const first = (stored: Uint8Array) => new DataView(stored.buffer, stored.byteOffset).getUint16(0, true);
  expect(bytes.predictions.map(first)).toEqual([26, 86, 1026]);
  expect(first(bytes.reference)).toBe(2026);

  const packed = {
    predictions: [await volume('p.nii.gz'), await volume('q.nii.gz', 1, 1000)],
    reference: await volume('r.nii.gz', 1, 2000),
  };
  const stream = new CaseStream({ ...packed, mapping: null });
  const buffer = new ArrayBuffer(3 * 20);
  const room = roomFor(packed, 10, buffer);
  await stream.read(room);
  await stream.read(room);
  await stream.finish();
  const all = new Uint16Array(buffer);
  expect([all[0], all[10], all[20]]).toEqual([10, 1010, 2010]);
});
