import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { decode } from 'fast-png';
import { beforeAll, expect, test } from 'vitest';
import { readResults } from '../../../src/run/read-results.ts';
import type { ConfigInput } from '../../../src/settings/schema.ts';
import { writeNifti } from '../../../src/volumes/nifti/write.ts';
import { gatherThumbnails } from '../../../src/web/report/thumbnails.ts';
import { errorColours } from '../../../src/web/viewer/page/colours.ts';
import { score } from '../../support/score.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const at = temporaryFolder();
const shape = [12, 10, 3] as const;
const blue = errorColours.agree;
const orange = errorColours.missed;
const red = errorColours.extra;

/** Slice 1: the reference has columns x 2 to 5, the prediction 4 to 7, of rows 4 and 5. */
beforeAll(async () => {
  const volume = (from: number, to: number) =>
    Float32Array.from({ length: 360 }, (_, i) => {
      const [x, y, z] = [i % 12, Math.floor(i / 12) % 10, Math.floor(i / 120)];
      return z === 1 && (y === 4 || y === 5) && x >= from && x <= to ? 1 : 0;
    });
  const spacingMm = [1, 1, 2] as const;
  await writeNifti(at('p.nii'), { shape, datatype: 'float32', spacingMm, data: volume(4, 7) });
  await writeNifti(at('r.nii'), { shape, datatype: 'uint8', spacingMm, data: Uint8Array.from(volume(2, 5)) });
  const cases = [{ id: 'one', predictions: [at('p.nii')], reference: at('r.nii') }];
  await score(
    cases,
    { scores: 'probability', classes: { lesion: [1] }, losses: 'dice', tile: { shape: [12, 10, 1] } },
    at('run'),
  );
});

test('the worst slice is drawn: what was found, missed and invented, the patient’s right at the left', async () => {
  const [thumbnail, ...others] = await gatherThumbnails(at('run'), readResults(at('run')));
  expect(others).toEqual([]);
  expect(thumbnail).toMatchObject({ caseId: 'one', className: 'lesion', dice: 0.5, slice: 1, slices: 3 });
  const { data, width, height, channels } = decode(Buffer.from(thumbnail!.source.split(',')[1]!, 'base64'));
  expect([width, height, channels]).toEqual([thumbnail!.width, thumbnail!.height, 3]);
  const places = (colour: readonly number[]) => {
    const found: number[] = [];
    for (let i = 0; i < width * height; i++) {
      if (colour.every((value, channel) => data[3 * i + channel] === value)) found.push(i % width);
    }
    return found;
  };
  const [both, missed, extra] = [blue, orange, red].map(places) as [number[], number[], number[]];
  expect(both.length).toBeGreaterThan(0);
  expect(missed.length / both.length).toBeCloseTo(1, 1);
  expect(extra.length / both.length).toBeCloseTo(1, 1);
  // x runs to the patient's right, so that larger x is further left.
  expect(Math.max(...extra)).toBeLessThan(Math.min(...missed));
});

test('a case whose volumes are gone or changed has no picture, and that is all', async () => {
  await writeNifti(at('p.nii'), {
    shape,
    datatype: 'float32',
    spacingMm: [1, 1, 2],
    data: new Float32Array(360),
  });
  expect(await gatherThumbnails(at('run'), readResults(at('run')))).toEqual([]);
  rmSync(at('p.nii'));
  expect(await gatherThumbnails(at('run'), readResults(at('run')))).toEqual([]);
});

test('one wrong voxel is found: among the planes that the list of errors names, and without a list', async () => {
  const large = [120, 110, 60] as const;
  const data = new Uint8Array(120 * 110 * 60);
  for (let i = 0; i < data.length; i++) data[i] = i % 120 < 10 && Math.floor(i / 13200) < 20 ? 1 : 0;
  const wrong = Uint8Array.from(data);
  wrong[13200 * 31 + 120 * 51 + 76] = 1;
  const spacingMm = [1, 1, 1] as const;
  await writeNifti(at('large.nii'), { shape: large, datatype: 'uint8', spacingMm, data });
  await writeNifti(at('wrong.nii'), { shape: large, datatype: 'uint8', spacingMm, data: wrong });
  const cases = [{ id: 'one', predictions: [at('wrong.nii')], reference: at('large.nii') }];
  await score(cases, { scores: 'label', measures: ['overlap'] }, at('large'));
  const gather = () => gatherThumbnails(at('large'), readResults(at('large')));
  const found = await gather();
  expect(found).toEqual([expect.objectContaining({ voxel: [76, 51, 31], slice: 31 })]);
  const record = at('large', 'work', 'cases', '000000.json');
  writeFileSync(record, `${readFileSync(record, 'utf8').split('\n', 1)[0]}\n`);
  expect(await gather()).toEqual(found);
});

test.each([
  ['tiles of many planes', { tile: { shape: [40, 40, 30] } }, undefined, 44, 2],
  ['slices across y of the patient', {}, [1, 0, 0, 0, 0, 0, -1, 0, 0, 1, 0, 0, 0, 0, 0, 1], 20, 1],
] as const)('the worst of several slices is chosen: %s', async (name, config, affine, slice, axis) => {
  const [nx, ny, nz] = [150, 140, 60];
  const data = new Uint8Array(nx * ny * nz).map((_, i) => (i % nx < 20 ? 1 : 0));
  const wrong = Uint8Array.from(data);
  const miss = (x: number, y: number, z: number) => {
    wrong[(z * ny + y) * nx + x] = 1;
  };
  // One voxel in plane 43, five in 44; of all, six in row 20.
  miss(90, 20, 43);
  for (const x of [70, 80, 90, 100, 110]) miss(x, 20, 44);
  const grid = { shape: [nx, ny, nz] as const, ...(affine ? { affine } : { spacingMm: [1, 1, 1] as const }) };
  await writeNifti(at(`${name}-r.nii`), { ...grid, datatype: 'uint8', data });
  await writeNifti(at(`${name}-p.nii`), { ...grid, datatype: 'uint8', data: wrong });
  const cases = [{ id: 'one', predictions: [at(`${name}-p.nii`)], reference: at(`${name}-r.nii`) }];
  await score(cases, { scores: 'label', measures: ['overlap'], ...config } as ConfigInput, at(name));
  const [thumbnail] = await gatherThumbnails(at(name), readResults(at(name)));
  expect(thumbnail).toMatchObject({ slice, slices: [nx, ny, nz][axis] });
  expect(thumbnail!.voxel[axis]).toBe(slice);
});
