/** Files that cannot be read: each costs its case and is told for what it is, also the first, also all of them. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { UnscoredCase } from '../../src/base/scored.ts';
import type { ManifestCase } from '../../src/cases/types.ts';
import { damages } from '../support/damage.ts';
import { golden } from '../support/golden.ts';
import { pair, score } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { sharedCase } from './cases.ts';
import { type PairOptions, writePair } from './volumes.ts';

const folder = temporaryFolder();
let serial = 0;
function newFolder(): string {
  const out = folder(`out-${serial++}`);
  mkdirSync(out);
  return out;
}

const good = pair('good', golden('prob_f32.nii'), golden('prob_f32_ref.nii'));

async function errorOf(prediction: string, reference: string): Promise<UnscoredCase['error']> {
  const report = await score([pair('a', prediction, reference)], {}, newFolder());
  expect(report.exitStatus).toBe(1);
  const [result] = report.results.cases;
  if (result?.status !== 'failed') throw new Error(`not failed: ${JSON.stringify(result)}`);
  return result.error;
}

test.each([
  ['18-allzero-sform', 'bad-affine', 'sform', /sform gives axis x no length/],
  ['18l-nan-both', 'bad-affine', 'sform', /sform holds NaN/],
  ['18p-badquat', 'bad-affine', 'qform', /quaternion .* is not a rotation/],
  ['27e-all-annex', 'pointer-only', undefined, /git-annex pointer whose content .* "git annex get"/],
  ['17c-zip', 'not-nifti', undefined, /a zip archive, not a NIfTI file; unpack it/],
] as const)('%s: the only case fails by its own fault', async (name, code, field, says) => {
  const { prediction, reference } = sharedCase(name);
  const error = await errorOf(prediction, reference);
  expect(error).toMatchObject({ code, message: expect.stringMatching(says) });
  expect(error.field).toBe(field);
});

const header = new Uint8Array(readFileSync(golden('prob_f32.nii')).subarray(0, 352));
const tar = new Uint8Array(1024);
tar.set(Buffer.from('ustar'), 257);
const contents: readonly (readonly [name: string, bytes: Uint8Array, code: string, says: RegExp])[] = [
  [
    'a page',
    Buffer.from('\ufeff\n <!DOCTYPE html><html><title>Log in</title>'),
    'not-nifti',
    /HTML page .* download/,
  ],
  ['a page, gzip', gzipSync('<html><body>503</body></html>'), 'not-nifti', /HTML page/],
  [
    'an LFS pointer',
    Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n'),
    'pointer-only',
    /Git LFS pointer .* "git lfs pull"/,
  ],
  ['an NRRD', Buffer.from('NRRD0004\ntype: uchar\n'), 'not-nifti', /an NRRD volume/],
  ['a tar in gzip', gzipSync(tar), 'not-nifti', /a tar archive/],
  ['zeros', new Uint8Array(4096), 'not-nifti', /nothing but zeros/],
  [
    'words',
    Buffer.from('case,prediction\n1,a.nii\n'),
    'not-nifti',
    /text that begins with "case,prediction"/,
  ],
  ['a header without voxels', header, 'data-short', /cut short/],
];

describe('a file that is something else', () => {
  test.each(contents)('%s: costs its case alone, as the first of two', async (_name, bytes, code, says) => {
    const path = folder(`${serial++}.nii.gz`);
    writeFileSync(path, bytes);
    const report = await score([pair('first', path, good.reference), good], {}, newFolder());
    expect(report.results.cases.map(({ status }) => status)).toEqual(['failed', 'ok']);
    expect(report.results.cases[0]).toMatchObject({ error: { code, message: expect.stringMatching(says) } });
    expect(report.results.cases[0]).toMatchObject({ error: { message: expect.stringContaining(path) } });
  });
});

test('a link into an annex whose content is not there, and a link that leads nowhere', async () => {
  const [annexed, broken] = [folder('annexed.nii.gz'), folder('broken.nii.gz')];
  symlinkSync('../.git/annex/objects/zz/MD5E-s1--0.nii.gz', annexed);
  symlinkSync('nowhere.nii.gz', broken);
  expect(await errorOf(annexed, good.reference)).toMatchObject({ code: 'pointer-only' });
  expect((await errorOf(broken, good.reference)).message).toMatch(
    /a link to nowhere\.nii\.gz, which leads to no file/,
  );
});

test('paths whose facts cannot be asked cost their cases, and the run is written to its end', async () => {
  const loop = folder('loop.nii');
  symlinkSync('loop.nii', loop);
  const bad = [
    pair('loop', loop, good.reference),
    pair('below-a-file', join(golden('prob_f32.nii'), 'x.nii'), good.reference),
    pair('too-long', folder(`${'n'.repeat(300)}.nii`), good.reference),
    pair('nul', folder('a\0b.nii'), good.reference),
  ];
  const out = newFolder();
  const report = await score([...bad, good], {}, out);
  expect(report.results.cases.map(({ status }) => status)).toEqual([...bad.map(() => 'failed'), 'ok']);
  const { inputs } = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'));
  expect(inputs).toHaveLength(5);
  expect(inputs[0].predictions[0]).toEqual({ file: loop, bytes: null, modified: null });
});

test('a run in which nothing could be read can be resumed once the files are there', async () => {
  const late = folder('late.nii');
  const cases = [pair('late', late, good.reference)];
  const out = newFolder();
  expect((await score(cases, {}, out)).exitStatus).toBe(1);
  writeFileSync(late, readFileSync(good.predictions[0]!));
  const report = await score(cases, {}, out, { resume: true });
  expect(report.exitStatus).toBe(0);
  expect(report.results.scores).toBe('probability');
});

test('damaged gzip: the damage is told, not values before it, and other cases are scored as if alone', async () => {
  const edits: readonly PairOptions['edit'][] = [
    () => {},
    (scores) => scores.fill(Number.NaN, 0, 8),
    (scores) => scores.fill(7, 0, 8),
  ];
  const bad: { readonly entry: ManifestCase; readonly code: RegExp }[] = [];
  for (const { name, code, apply } of damages) {
    for (const [i, edit] of edits.entries()) {
      const [prediction, reference] = [folder(`${serial++}.nii.gz`), folder(`${serial++}.nii.gz`)];
      await writePair(prediction, reference, { shape: [32, 32, 8], seed: 1, gzip: true, edit: edit! });
      writeFileSync(prediction, apply(readFileSync(prediction)));
      bad.push({ entry: pair(`${name} ${i}`, prediction, reference), code });
    }
  }
  const damaged = bad.map(({ entry }) => entry);
  // Tiles of which the first fails while the file is still read.
  const config = { tile: { shape: [32, 32, 1], bundle: 1 } } as const;
  const report = await score([...damaged, good], config, newFolder());
  const alone = await score([good], config, newFolder());
  expect(report.results.cases.at(-1)).toEqual(alone.results.cases[0]);
  expect(report.results.pooled).toEqual(alone.results.pooled);
  const none = await score(damaged, config, newFolder());
  expect(none.exitStatus).toBe(1);
  for (const { results } of [report, none]) {
    for (const [i, { entry, code }] of bad.entries()) {
      expect(results.cases[i]).toMatchObject({
        id: entry.id,
        status: 'failed',
        error: { code: expect.stringMatching(code), file: entry.predictions[0] },
      });
    }
  }
});
