import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { readManifest } from '../../src/cases/read-manifest.ts';
import { brokenCase, emptyCase, writeHospital } from '../../src/cli/demo/hospital.ts';
import { inspectLines } from '../../src/cli/run-inspect.ts';
import { inspectFile } from '../../src/run/inspect.ts';
import { defaultConfig } from '../../src/settings/schema.ts';
import { readHeader } from '../../src/volumes/formats.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder()();
let manifest: string;
beforeAll(async () => {
  manifest = await writeHospital(folder);
});

const inflated = (file: string) =>
  file.endsWith('.gz') ? gunzipSync(readFileSync(file)) : readFileSync(file);
const ones = (file: string) =>
  inflated(file)
    .subarray(352)
    .filter((label) => label === 1).length;

test('two sites, raw and gzip, and every volume but the broken one is whole', async () => {
  const cases = readManifest(manifest);
  expect(new Set(cases.map(({ group }) => group))).toEqual(new Set(['north', 'south']));
  expect(new Set(cases.map(({ reference }) => reference.endsWith('.gz')))).toEqual(new Set([true, false]));
  for (const { id, predictions, reference } of cases) {
    const read = readHeader(predictions[0]!);
    if (id === brokenCase) await expect(read).rejects.toThrow(/cut short/);
    else
      expect(await read).toMatchObject({ datatype: 'float32', shape: (await readHeader(reference)).shape });
  }
});

test('one reference is empty, the others have a tumour of some size', () => {
  for (const { id, reference } of readManifest(manifest)) {
    if (id === emptyCase) expect(ones(reference)).toBe(0);
    else expect(ones(reference)).toBeGreaterThan(500);
  }
});

test('the voxels are the same each time', async () => {
  const digests = () =>
    readManifest(manifest).flatMap(({ predictions, reference }) =>
      [predictions[0]!, reference].map((file) => createHash('sha256').update(inflated(file)).digest('hex')),
    );
  const before = digests();
  await writeHospital(folder);
  expect(digests()).toEqual(before);
});

test('inspect tells grid, kind of scores, tiles and memory', async () => {
  const [first] = readManifest(manifest);
  const report = await inspectFile(first!.predictions[0]!, { ...defaultConfig(), threads: 2 });
  expect(report).toMatchObject({
    scores: 'probability',
    dataBytes: 4 * 96 * 96 * 64,
    tiles: { shape: [96, 96, 64], count: 1 },
  });
  expect(report.tiles!.threadBytes).toBeLessThan(report.tiles!.allowedBytes);
  const text = inspectLines(report).join('\n');
  for (const part of [
    'nifti1, gzip, little endian',
    '[96, 96, 64] of float32: 2.3 MiB',
    '1 x 1 x 1.5 mm',
    '(sform)',
    '2 threads',
  ]) {
    expect(text).toContain(part);
  }
});
