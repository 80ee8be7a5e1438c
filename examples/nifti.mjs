/** Writes a volume as NIfTI-1: `values` x fastest, `shape` `[x, y, z]`, 1 mm voxels, `Float32Array` or `Uint8Array`. */
import { writeFileSync } from 'node:fs';

export function writeNifti(file, shape, values) {
  const float = values instanceof Float32Array;
  const header = Buffer.alloc(352);
  header.writeInt32LE(348, 0);
  const dims = [3, ...shape, 1, 1, 1, 1];
  for (const [i, size] of dims.entries()) header.writeInt16LE(size, 40 + 2 * i);
  header.writeInt16LE(float ? 16 : 2, 70);
  header.writeInt16LE(float ? 32 : 8, 72);
  for (let i = 0; i < 8; i++) header.writeFloatLE(1, 76 + 4 * i);
  header.writeFloatLE(352, 108);
  header.writeFloatLE(1, 112);
  header.writeUInt8(2, 123);
  // The affine: sform code 1, identity.
  header.writeInt16LE(1, 254);
  for (let row = 0; row < 3; row++) header.writeFloatLE(1, 280 + 20 * row);
  header.write('n+1\0', 344, 'latin1');
  writeFileSync(
    file,
    Buffer.concat([header, Buffer.from(values.buffer, values.byteOffset, values.byteLength)]),
  );
}
