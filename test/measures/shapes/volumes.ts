/** Volumes for the tests of shapes: files of test/golden/shapes, and masks as the runs of their tiles. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { type Vec3, voxelCount } from '../../../src/base/box.ts';
import { tileBox, tileGrid } from '../../../src/base/tile-grid.ts';
import { type Kernels, Layout, loadKernels } from '../../../src/kernels/kernels.ts';
import type { Mask } from '../../../src/measures/masks/mask.ts';
import { mergeTiles, type TilePart } from '../../../src/measures/masks/merge-tiles.ts';
import { collectorBytes, RunCollector } from '../../../src/measures/masks/tile-runs.ts';
import { readHeader } from '../../../src/volumes/formats.ts';
import { openStream } from '../../../src/volumes/gzip-stream.ts';
import { storedReaders } from '../../../src/volumes/stored-readers.ts';
import { datatypeBytes } from '../../../src/volumes/types.ts';

export const goldenFolder = new URL('../../golden/shapes/', import.meta.url).pathname;

export interface Codes {
  /** `[x, y, z]`, x fastest. */
  readonly shape: Vec3;
  readonly codes: Uint16Array;
}

export interface GoldenCase {
  readonly id: string;
  readonly prediction: string;
  readonly reference: string;
  readonly scores: 'label' | 'probability';
  readonly threshold: number | null;
  readonly spacingMm: Vec3;
  // biome-ignore lint/suspicious/noExplicitAny: the golden file's own names, compared one by one
  readonly classes: Readonly<Record<string, any>>;
}

export function goldenCases(): { tausMm: number[]; cases: GoldenCase[] } {
  return JSON.parse(readFileSync(`${goldenFolder}golden.json`, 'utf8'));
}

/** A volume's values; those above a threshold as 1 where there is one. */
export async function readCodes(path: string, threshold: number | null = null): Promise<Codes> {
  const header = await readHeader(path);
  const stream = openStream(header);
  const count = voxelCount(header.shape);
  const bytes = new Uint8Array(count * datatypeBytes[header.datatype]);
  await stream.read(bytes);
  stream.close();
  const view = new DataView(bytes.buffer);
  const codes = Uint16Array.from({ length: count }, (_, i) => {
    const stored = storedReaders[header.datatype](
      view,
      i * datatypeBytes[header.datatype],
      header.littleEndian,
    );
    const value = stored * header.slope + header.intercept;
    if (threshold === null) return value;
    return Math.fround(value) > threshold ? 1 : 0;
  });
  return { shape: header.shape, codes };
}

let loaded: Kernels | undefined;
export function kernels(): Kernels {
  loaded ??= loadKernels();
  return loaded;
}

/** The masks of all labels of a volume, from tiles of a shape. */
export function masksOf({ shape, codes }: Codes, tileShape: Vec3 = shape): Map<number, Mask> {
  const grid = tileGrid(shape, tileShape);
  const parts = new Map<number, TilePart[]>();
  const layout = new Layout(kernels().memory);
  const collector = new RunCollector(kernels(), layout.region(collectorBytes));
  const target = layout.region(2 * voxelCount(grid.tileShape) + 64);
  for (let tile = 0; tile < grid.length; tile++) {
    const box = tileBox(grid, tile);
    const own = cut({ shape, codes }, box);
    new Uint16Array(kernels().memory.buffer, target, own.length).set(own);
    for (const { label, bytes } of collector.collect(target, own.length)) {
      parts.set(label, [...(parts.get(label) ?? []), { box, bytes: bytes.slice() }]);
    }
  }
  return new Map([...parts].map(([label, own]) => [label, mergeTiles(kernels(), shape, own)]));
}

function cut({ shape, codes }: Codes, { origin, shape: size }: { origin: Vec3; shape: Vec3 }): Uint16Array {
  const own = new Uint16Array(voxelCount(size));
  let at = 0;
  for (let z = 0; z < size[2]; z++) {
    for (let y = 0; y < size[1]; y++) {
      const row = origin[0] + shape[0] * (origin[1] + y + shape[1] * (origin[2] + z));
      own.set(codes.subarray(row, row + size[0]), at);
      at += size[0];
    }
  }
  return own;
}

/** Within 1e-12 of the golden value, relative. */
export function near(found: number | null, expected: number | null | undefined, what: string): void {
  if (expected === null || expected === undefined || found === null) {
    expect(found, what).toBe(expected ?? null);
    return;
  }
  expect(Math.abs(found - expected), `${what}: ${found} against ${expected}`).toBeLessThanOrEqual(
    1e-12 * Math.max(1, Math.abs(expected)),
  );
}
