import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { voxelCount } from '../../src/base/box.ts';
import { tileGrid } from '../../src/base/tile-grid.ts';
import { inspectFile } from '../../src/run/inspect.ts';
import { planCase } from '../../src/run/plan/case-plan.ts';
import { planMemory } from '../../src/run/plan/memory.ts';
import { resolveSettings } from '../../src/settings/resolve-settings.ts';
import { configSchema } from '../../src/settings/schema.ts';
import { writeNifti } from '../../src/volumes/nifti/write.ts';
import { damages } from '../support/damage.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();

// Up to two automatic tiles are one; more are cut.
test.each([
  [64, 1],
  [65, 3],
])('the tiles of %i planes are those that a run cuts', async (planes, tiles) => {
  const path = folder(`${planes}.nii`);
  const shape = [32, 32, planes] as const;
  await writeNifti(path, { shape, datatype: 'uint8', data: new Uint8Array(voxelCount(shape)) });
  const config = configSchema.parse({ scores: 'label', tile: { voxels: 32 * 1024 } });
  const projected = (await inspectFile(path, config)).tiles;
  const cases = [{ id: 'a', predictions: [path], reference: path }];
  const { settings } = await resolveSettings({ ...config, allowIdentical: true }, cases);
  const plan = await planCase(cases[0]!, 0, settings, planMemory(config).threadBytes);
  expect(projected).toMatchObject({ shape: plan.tileShape, count: tiles });
  expect(tileGrid(plan.shape, plan.tileShape).length).toBe(tiles);
});

test.each(damages)('a prediction that is damaged ($name) is told for that', async ({ apply, code }) => {
  const path = folder('damaged.nii.gz');
  const shape = [16, 16, 8] as const;
  const data = Float32Array.from({ length: voxelCount(shape) }, (_, i) => Math.sin(i) ** 2);
  await writeNifti(path, { shape, datatype: 'float32', data, gzip: true });
  writeFileSync(path, apply(readFileSync(path)));
  const error = { name: 'InputError', code: expect.stringMatching(code), place: { file: path } };
  await expect(inspectFile(path, configSchema.parse({}))).rejects.toMatchObject(error);
});
