import { expect, test } from 'vitest';
import type { ClassResult, ScoredCaseResult } from '../../src/results/document.ts';
import type { ConfigInput } from '../../src/settings/schema.ts';
import { type GoldenCase, golden, goldenCases } from '../support/golden.ts';
import { pair, score, scored } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();

type Value = (result: ClassResult) => number | null | undefined;
const loss =
  (id: string): Value =>
  ({ losses }) =>
    losses[id];

/** Golden keys, and where a run of that convention tells them. */
const told: Record<'pytorch' | 'keras', Record<string, Value>> = {
  pytorch: {
    n: ({ voxels }) => voxels,
    foreground: ({ foreground }) => foreground,
    tp: ({ soft }) => soft.tp,
    fp: ({ soft }) => soft.fp,
    fn: ({ soft }) => soft.fn,
    bce: loss('bce'),
    dice_loss: loss('dice'),
    jaccard_loss: loss('jaccard'),
    bce_dice: loss('bce-dice'),
    tversky_loss: loss('tversky'),
    focal_tversky: loss('focal-tversky'),
    focal_mean_bce: loss('focal:mean-bce'),
    focal_voxel: loss('focal:voxel'),
    focal_lin: loss('focal:lin'),
    combo_printed: loss('combo:article'),
    combo_minimised: loss('combo:code'),
    lovasz_hinge: loss('lovasz-hinge'),
  },
  keras: {
    dice_loss_keras: loss('dice'),
    jaccard_loss_keras: loss('jaccard'),
    tversky_loss_keras: loss('tversky'),
    bce_keras: loss('bce'),
    focal_keras: loss('focal:voxel'),
  },
};

function expectClose(value: number | null | undefined, expected: number, name: string): void {
  expect(typeof value, name).toBe('number');
  expect(Math.abs(value! - expected), name).toBeLessThanOrEqual(1e-12 * Math.abs(expected));
}

function expectClass(entry: GoldenCase, name: string, convention: 'pytorch' | 'keras', result: ClassResult) {
  const expected = entry.classes[name]!;
  let checked = 0;
  for (const [key, value] of Object.entries(told[convention])) {
    if (typeof expected[key] !== 'number') continue;
    expectClose(value(result), expected[key], `${entry.id} ${name} ${key}`);
    checked++;
  }
  if (entry.scores !== 'label') {
    // Lovász hinge exists for logits alone.
    expect(checked).toBeGreaterThanOrEqual(Object.keys(told[convention]).length - 1);
  }
  // With competing channels a class that is absent is left out of the mean, not of the class's own value.
  if (typeof expected.lovasz_softmax === 'number') {
    expectClose(result.losses['lovasz-softmax'], expected.lovasz_softmax, `${entry.id} ${name} lovasz`);
  }
  expect(result.metrics, `${entry.id} ${name}`).toMatchObject(expected.hard);
}

function expectCase(entry: GoldenCase, convention: 'pytorch' | 'keras', result: ScoredCaseResult): void {
  const names = Object.keys(entry.classes);
  for (const label of names) {
    const found = names.length === 1 ? result.classes.foreground! : result.classes[label];
    // Of label maps the background is no class unless it is named.
    if (label === '0' && entry.scores === 'label') expect(found).toBeUndefined();
    else expectClass(entry, label, convention, found!);
  }
  if (entry.confusion) expect(result.confusion?.matrix).toEqual(entry.confusion);
  if (entry.lovasz_softmax_present !== undefined) {
    expectClose(result.losses['lovasz-softmax'], entry.lovasz_softmax_present, 'lovasz_softmax_present');
  }
  if (entry.cross_entropy !== undefined && convention === 'pytorch') {
    expectClose(result.losses['cross-entropy'], entry.cross_entropy, 'cross_entropy');
  }
}

const tileShapes: [string, ConfigInput['tile']][] = [
  ['automatic tiles', {}],
  ['odd tiles', { shape: [17, 11, 7] }],
];

/** Cases that can share a run. */
const groups = new Map<string, GoldenCase[]>();
for (const entry of goldenCases) {
  const kind = `${entry.scores}, ${Object.keys(entry.classes).length} classes, ignored: ${entry.ignore}`;
  groups.set(kind, [...(groups.get(kind) ?? []), entry]);
}

for (const convention of ['pytorch', 'keras'] as const) {
  for (const [name, tile] of tileShapes) {
    test.each([...groups])(`%s; ${convention}, ${name}`, async (_group, entries) => {
      const [{ scores, ignore }] = entries as [GoldenCase];
      const report = await score(
        entries.map(({ id, prediction, reference }) => pair(id, golden(prediction), golden(reference))),
        { scores, ignoreLabel: ignore, convention, tile, keepShards: 'never' },
        folder('golden'),
      );
      expect(report.exitStatus).toBe(0);
      entries.forEach((entry, i) => {
        expectCase(entry, convention, scored(report.results.cases[i]));
      });
    });
  }
}

/** Code, a part of the message, and the voxel of each broken pair. */
const faults: [prediction: string, reference: string, code: string, says: RegExp, voxel?: number[]][] = [
  ['bad_truncated.nii.gz', 'logit_f32_ref.nii.gz', 'gzip-cut-off', /cut off/],
  ['bad_crc.nii.gz', 'logit_f32_ref.nii.gz', 'gzip-checksum', /checksum/],
  ['bad_short.nii', 'prob_f32_ref.nii', 'data-short', /need 210880, but the file holds 209880/],
  ['bad_magic.nii', 'prob_f32_ref.nii', 'not-nifti', /not a NIfTI file/],
  ['bad_empty.nii', 'prob_f32_ref.nii', 'file-empty', /empty/],
  ['bad_dims_bomb.nii', 'prob_f32_ref.nii', 'data-short', /need 131072000000352/],
  [
    'bad_nan.nii',
    'prob_f32_ref.nii',
    'not-finite',
    /1 voxel with a score that is not finite, NaN at \[3, 4, 5\]/,
    [3, 4, 5],
  ],
  ['bad_range.nii', 'prob_f32_ref.nii', 'out-of-range', /outside \[0, 1\], 1\.5 at \[2, 2, 2\]/, [2, 2, 2]],
  ['bad_shape.nii', 'prob_f32_ref.nii', 'geometry-mismatch', /\[42, 34, 36\] against \[43, 34, 36\]/],
  ['bad_shift.nii', 'prob_f32_ref.nii', 'geometry-mismatch', /shifted by \[50, 0, 0\] mm/],
  ['bad_shift2.nii', 'prob_f32_ref.nii', 'geometry-mismatch', /shifted by \[30, -30, 0\] mm/],
  ['bad_flip.nii', 'prob_f32_ref.nii', 'geometry-mismatch', /axis x of the prediction flipped/],
  [
    'prob_f32.nii',
    'bad_float_labels_ref.nii',
    'not-a-label',
    /4533 voxels without a label .*, the first 0\.999\d* at \[18, 0, 0\]/,
    [18, 0, 0],
  ],
  ['no_such_file.nii.gz', 'prob_f32_ref.nii', 'file-missing', /no such file/],
];

test.each(tileShapes)('every broken pair costs its own case alone: %s', async (_name, tile) => {
  const cases = faults.map(([prediction, reference], i) =>
    pair(`bad-${i}`, golden(prediction), golden(reference)),
  );
  cases.splice(5, 0, pair('good', golden('prob_f32.nii'), golden('prob_f32_ref.nii')));
  const report = await score(cases, { scores: 'probability', tile }, folder('bad'));
  expect(report.exitStatus).toBe(1);
  const byId = new Map(report.results.cases.map((result) => [result.id, result]));
  expect(byId.get('good')?.status).toBe('ok');
  faults.forEach(([prediction, reference, code, says, voxel], i) => {
    const result = byId.get(`bad-${i}`);
    if (result?.status !== 'failed') throw new Error(`bad-${i} is ${result?.status}`);
    expect(result.error.code).toBe(code);
    expect(result.error.message).toMatch(says);
    expect(result.error.message).toContain(`case bad-${i}: `);
    expect(result.error.file).toBe(golden(code === 'not-a-label' ? reference : prediction));
    expect(result.error.voxel).toEqual(voxel);
  });
  expect(report.results.pooled?.cases).toBe(1);
});
