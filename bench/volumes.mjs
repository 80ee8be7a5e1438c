// Made-up volumes for the benchmark: smooth blobs with noise, float32 probabilities and uint8 labels.

import { once } from 'node:events';
import { createReadStream, createWriteStream, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { niftiHeaderBytes } from '../dist/src/volumes/nifti/write.js';

const spacingMm = [1, 1, 1];

/** xorshift32: repeatable noise in [0, 1). */
export function noise(seed) {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
}

/** Writes `prediction.nii` and `reference.nii` to a folder, plane by plane; returns their paths. `size`: n for n³, or [x, y, z]. */
export async function makePair(folder, size, seed = 1) {
  mkdirSync(folder, { recursive: true });
  const shape = typeof size === 'number' ? [size, size, size] : size;
  const [sizeX, sizeY, sizeZ] = shape;
  const name = typeof size === 'number' ? size : shape.join('x');
  const prediction = `${folder}/prediction-${name}-${seed}.nii`;
  const reference = `${folder}/reference-${name}-${seed}.nii`;
  if (existsSync(prediction) && existsSync(reference)) return { prediction, reference };
  const streams = [createWriteStream(`${prediction}.tmp`), createWriteStream(`${reference}.tmp`)];
  streams[0].write(niftiHeaderBytes({ shape, datatype: 'float32', spacingMm }));
  streams[1].write(niftiHeaderBytes({ shape, datatype: 'uint8', spacingMm }));
  const next = noise(seed * 7919);
  for (let z = 0; z < sizeZ; z++) {
    const scores = new Float32Array(sizeX * sizeY);
    const labels = new Uint8Array(sizeX * sizeY);
    for (let y = 0, i = 0; y < sizeY; y++) {
      for (let x = 0; x < sizeX; x++, i++) {
        const u = (x / sizeX - 0.5) * 2;
        const v = (y / sizeY - 0.5) * 2;
        const w = (z / sizeZ - 0.5) * 2;
        const depth = 6 * (0.5 - Math.sqrt(u * u + v * v + w * w) + 0.1 * Math.sin(9 * u) * Math.cos(7 * v));
        labels[i] = depth > 0 ? 1 : 0;
        scores[i] = 1 / (1 + Math.exp(-(2.5 * depth + 4 * (next() + next() - 1))));
      }
    }
    for (const [stream, bytes] of [
      [streams[0], new Uint8Array(scores.buffer)],
      [streams[1], labels],
    ]) {
      if (!stream.write(bytes)) await once(stream, 'drain');
    }
  }
  for (const stream of streams) {
    stream.end();
    await once(stream, 'finish');
  }
  renameSync(`${prediction}.tmp`, prediction);
  renameSync(`${reference}.tmp`, reference);
  return { prediction, reference };
}

/** Sides of a volume in other size, at least 16. */
export const scaledShape = (scale, sides) => sides.map((side) => Math.max(16, Math.round(scale * side)));

/** Labels 1 to `labels` (at most 32), a blob each in a grid of 4 x 4 x 2, moved by `shift` and twice `shift` voxels along x and y. */
export function blobs([x, y, z], labels) {
  const cells = [4, 4, 2];
  return (shift) => (i, j, k) => {
    const at = [(i - shift) / x, (j - 2 * shift) / y, k / z].map((place, axis) => place * cells[axis]);
    const cell = at.map(Math.floor);
    const label = 1 + cell[0] + 4 * cell[1] + 16 * cell[2];
    const [u, v, w] = at.map((place, axis) => place - cell[axis] - 0.5);
    const inside = u * u + v * v + w * w < 0.12 + 0.03 * Math.sin(11 * u) * Math.cos(9 * v + 5 * w);
    return inside && label <= labels && cell.every((place) => place >= 0) ? label : 0;
  };
}

/** Writes a label map of uint8, plane by plane; `labelOf` is asked for each voxel (x, y, z), x fastest. */
export async function writeLabels(path, shape, spacingMm, labelOf) {
  const [sizeX, sizeY, sizeZ] = shape;
  const stream = createWriteStream(`${path}.tmp`);
  stream.write(niftiHeaderBytes({ shape, datatype: 'uint8', spacingMm }));
  for (let z = 0; z < sizeZ; z++) {
    const labels = new Uint8Array(sizeX * sizeY);
    for (let y = 0, i = 0; y < sizeY; y++) for (let x = 0; x < sizeX; x++, i++) labels[i] = labelOf(x, y, z);
    if (!stream.write(labels)) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'finish');
  renameSync(`${path}.tmp`, path);
}

/** gzip copies of a pair, level 1 as scanners' exports have it. */
export async function compressPair({ prediction, reference }) {
  const compress = async (file) => {
    const target = `${file}.gz`;
    if (!existsSync(target)) {
      await pipeline(
        createReadStream(file, { highWaterMark: 1 << 20 }),
        createGzip({ level: 1, chunkSize: 1 << 20 }),
        createWriteStream(`${target}.tmp`),
      );
      renameSync(`${target}.tmp`, target);
    }
    return target;
  };
  const [p, r] = await Promise.all([compress(prediction), compress(reference)]);
  return { prediction: p, reference: r };
}

export function bytesOf({ prediction, reference }) {
  return statSync(prediction).size + statSync(reference).size;
}
