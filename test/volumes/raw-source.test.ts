import { closeSync, ftruncateSync, openSync, truncateSync, writeSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Box, Vec3 } from '../../src/base/box.ts';
import { voxelCount, voxelIndex } from '../../src/base/box.ts';
import { readHeader } from '../../src/volumes/formats.ts';
import { niftiHeaderBytes, writeNifti } from '../../src/volumes/nifti/write.ts';
import { openRaw } from '../../src/volumes/raw-source.ts';
import { datatypeBytes } from '../../src/volumes/types.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { expectFault } from './nifti/faults.ts';

const at = temporaryFolder();

/** The stored bytes of a box, voxel by voxel from the whole. */
function slice(whole: Uint8Array, bytes: number, channel: number, box: Box, shape: Vec3): Uint8Array {
  const result = new Uint8Array(voxelCount(box.shape) * bytes);
  let to = 0;
  for (let z = 0; z < box.shape[2]; z++) {
    for (let y = 0; y < box.shape[1]; y++) {
      for (let x = 0; x < box.shape[0]; x++) {
        const voxel: Vec3 = [box.origin[0] + x, box.origin[1] + y, box.origin[2] + z];
        const from = (channel * voxelCount(shape) + voxelIndex(voxel, shape)) * bytes;
        result.set(whole.subarray(from, from + bytes), to);
        to += bytes;
      }
    }
  }
  return result;
}

/** All intervals of an axis as [origin, length]. */
const intervals = (size: number) =>
  Array.from({ length: size }, (_, first) =>
    Array.from({ length: size - first }, (__, more) => [first, more + 1] as const),
  ).flat();

describe('openRaw', () => {
  it('reads every box of a small volume as a slice of the whole', async () => {
    const shape: Vec3 = [4, 3, 3];
    for (const datatype of ['uint8', 'int16', 'float64'] as const) {
      const bytes = datatypeBytes[datatype];
      const whole = Uint8Array.from({ length: 72 * bytes }, (_, i) => (i * 73) % 256);
      const arrays = { uint8: Uint8Array, int16: Int16Array, float64: Float64Array };
      const data = new arrays[datatype](whole.buffer);
      await writeNifti(at('small.nii'), { shape, channels: 2, datatype, data });
      const source = openRaw(await readHeader(at('small.nii')));
      for (const [x, nx] of intervals(4)) {
        for (const [y, ny] of intervals(3)) {
          for (const [z, nz] of intervals(3)) {
            for (const channel of [0, 1]) {
              const box: Box = { origin: [x, y, z], shape: [nx, ny, nz] };
              const target = new Uint8Array(voxelCount(box.shape) * bytes);
              source.readBox(channel, box, target);
              expect(Buffer.compare(target, slice(whole, bytes, channel, box, shape))).toBe(0);
            }
          }
        }
      }
      source.close();
      source.close();
    }
  });

  it.each([
    ['rows with wide gaps, read one by one', [4096, 5, 2], { origin: [100, 1, 0], shape: [50, 3, 2] }],
    ['columns over more than one scratch', [1500, 900, 1], { origin: [7, 3, 0], shape: [1, 890, 1] }],
    ['rows longer than the scratch', [300_000, 3, 1], { origin: [1, 0, 0], shape: [299_999, 3, 1] }],
    ['a wide box of long rows', [1500, 900, 1], { origin: [0, 0, 0], shape: [1499, 900, 1] }],
  ] as const)('reads %s, into shared memory', async (_, shape, box) => {
    const whole = Uint8Array.from({ length: voxelCount(shape) * 4 }, (__, i) => (i * 31 + (i >> 8)) % 256);
    await writeNifti(at('large.nii'), {
      shape,
      datatype: 'uint32',
      data: new Uint32Array(whole.buffer),
      format: 'nifti2',
    });
    const source = openRaw(await readHeader(at('large.nii')));
    const target = new Uint8Array(new SharedArrayBuffer(voxelCount(box.shape) * 4));
    source.readBox(0, box, target);
    source.close();
    expect(Buffer.compare(target, slice(whole, 4, 0, box, shape))).toBe(0);
  });

  it('reads beyond 2 and 4 GiB', async () => {
    const shape: Vec3 = [1024, 1024, 5 * 1024];
    const file = openSync(at('huge.nii'), 'w');
    writeSync(file, niftiHeaderBytes({ shape, datatype: 'uint8' }));
    ftruncateSync(file, 352 + voxelCount(shape));
    const places: Vec3[] = [
      [3, 4, 2047],
      [1023, 1023, 2047],
      [0, 0, 4096],
      [1023, 1023, 5119],
    ];
    for (const [i, voxel] of places.entries()) {
      writeSync(file, Uint8Array.of(i + 1), 0, 1, 352 + voxelIndex(voxel, shape));
    }
    closeSync(file);
    const source = openRaw(await readHeader(at('huge.nii')));
    const read = (origin: Vec3, boxShape: Vec3) => {
      const target = new Uint8Array(voxelCount(boxShape));
      source.readBox(0, { origin, shape: boxShape }, target);
      return target;
    };
    for (const [i, voxel] of places.entries()) expect(read(voxel, [1, 1, 1])).toEqual(Uint8Array.of(i + 1));
    expect(read([1022, 1022, 5118], [2, 2, 2])).toEqual(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 4));
    const plane = read([0, 0, 4096], [1024, 1024, 1]);
    expect([plane[0], plane[1]]).toEqual([3, 0]);
    source.close();
  });

  it('names a file that became shorter, and one that is gone', async () => {
    await writeNifti(at('shrinks.nii'), { shape: [8, 8, 8], datatype: 'uint8', data: new Uint8Array(512) });
    const header = await readHeader(at('shrinks.nii'));
    const source = openRaw(header);
    truncateSync(at('shrinks.nii'), 700);
    const box: Box = { origin: [0, 0, 0], shape: [8, 8, 8] };
    await expectFault(
      () => source.readBox(0, box, new Uint8Array(512)),
      'data-short',
      /became shorter .* need 864, but the file now holds 700/,
    );
    source.close();
    await expectFault(() => openRaw({ ...header, dataPath: at('gone.nii') }), 'file-missing', /no such file/);
  });

  it('throws for requests outside the volume', async () => {
    await writeNifti(at('asked.nii'), { shape: [2, 2, 2], datatype: 'uint8', data: new Uint8Array(8) });
    const header = await readHeader(at('asked.nii'));
    const source = openRaw(header);
    const one = new Uint8Array(1);
    for (const origin of [[-1, 0, 0] as const, [0, 2, 0] as const, [0, 0, 0.5] as const]) {
      expect(() => source.readBox(0, { origin, shape: [1, 1, 1] }, one)).toThrow(RangeError);
    }
    const voxel: Box = { origin: [0, 0, 0], shape: [1, 1, 1] };
    expect(() => source.readBox(1, voxel, one)).toThrow(RangeError);
    expect(() => source.readBox(0, voxel, new Uint8Array(2))).toThrow(RangeError);
    expect(() => openRaw({ ...header, compressed: true })).toThrow(RangeError);
    source.close();
    expect(() => source.readBox(0, voxel, one)).toThrow(/after close/);
  });
});
