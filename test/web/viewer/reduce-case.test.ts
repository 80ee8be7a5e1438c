import { describe, expect, test } from 'vitest';
import { planCase } from '../../../src/run/plan/case-plan.ts';
import { resolveSettings } from '../../../src/settings/resolve-settings.ts';
import { configSchema } from '../../../src/settings/schema.ts';
import { writeNifti } from '../../../src/volumes/nifti/write.ts';
import { disagreement, reduceCase } from '../../../src/web/viewer/reduce-case.ts';
import { probability, temporaryFolder, writeCase } from '../../questions/ask/runs.ts';

const at = temporaryFolder();

async function reducedOf(entry: Awaited<ReturnType<typeof writeCase>>, config: object, name: string) {
  const { settings } = await resolveSettings(configSchema.parse({ threads: 1, ...config }), [entry]);
  return reduceCase(await planCase(entry, 0, settings), settings, name);
}

describe('reduceCase', () => {
  test('a small case is shown whole: scores, reference and their difference in 255 steps', async () => {
    const shape = [3, 2, 2] as const;
    const p = [0, 1, 0.2, 0, 0.4, 0, 1, 0, 0, 0.6, 0, 1];
    const t = [0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0];
    await writeNifti(at('p.nii.gz'), { shape, datatype: 'float32', data: Float32Array.from(p), gzip: true });
    await writeNifti(at('t.nii'), { shape, datatype: 'uint8', data: Uint8Array.from(t) });
    const entry = { id: 'a', predictions: [at('p.nii.gz')], reference: at('t.nii') };
    const reduced = await reducedOf(entry, { scores: 'probability', classes: { lesion: [1] } }, 'lesion');
    expect(reduced).toMatchObject({ shape, stride: [1, 1, 1], origin: [0, 0, 0] });
    expect([...reduced.prediction]).toEqual(p.map((value) => Math.round(255 * value)));
    expect([...reduced.reference]).toEqual(t.map((value) => 255 * value));
    expect([...disagreement(reduced)]).toEqual(p.map((value, i) => Math.round(255 * value) - 255 * t[i]!));
    // Slice 1 holds 1 + 0.4 + 1 of error, slice 0 less; in it column 0 and row 0 are level with others and first.
    expect(reduced.worst[2]).toBe(1);
  });

  test('competing logits become the probability of the class', async () => {
    const shape = [2, 1, 1] as const;
    const data = Float32Array.from([0, 2, 0, -1]);
    await writeNifti(at('l.nii'), { shape, channels: 2, datatype: 'float32', data });
    await writeNifti(at('lt.nii'), { shape, datatype: 'uint8', data: Uint8Array.from([0, 1]) });
    const entry = { id: 'l', predictions: [at('l.nii')], reference: at('lt.nii') };
    const config = { scores: 'logit', channels: 'exclusive', classes: { one: [1] } };
    const reduced = await reducedOf(entry, config, 'one');
    expect([...reduced.prediction]).toEqual([128, Math.round(255 / (1 + Math.exp(3)))]);
  });

  test('only the part with something in it is shown, and its affine says where it lies', async () => {
    const shape = [40, 30, 20] as const;
    const reference = new Uint8Array(40 * 30 * 20);
    reference[20 + 40 * (15 + 30 * 10)] = 1;
    await writeNifti(at('zero.nii'), {
      shape,
      datatype: 'float32',
      data: new Float32Array(reference.length),
    });
    await writeNifti(at('one.nii'), { shape, datatype: 'uint8', data: reference, spacingMm: [1, 1, 1] });
    const entry = { id: 'b', predictions: [at('zero.nii')], reference: at('one.nii') };
    const reduced = await reducedOf(entry, { scores: 'probability', classes: { lesion: [1] } }, 'lesion');
    expect(reduced).toMatchObject({ origin: [16, 11, 6], shape: [9, 9, 9], worst: [4, 4, 4] });
    const whole = (
      await planCase(
        entry,
        0,
        (
          await resolveSettings(configSchema.parse({ scores: 'probability', classes: { lesion: [1] } }), [
            entry,
          ])
        ).settings,
      )
    ).reference.affine;
    expect(reduced.affine[3]).toBe(whole[3]! + 16 * whole[0]!);
    expect(disagreement(reduced).reduce((sum, value) => sum + value, 0)).toBe(-255);
  });

  test('a flipped prediction lies on the reference as it was scored', async () => {
    const shape = [4, 3, 2] as const;
    const values = Float32Array.from({ length: 24 }, (_, i) => i / 24);
    const flipped = Float32Array.from(values, (_, i) => values[Math.floor(i / 4) * 4 + 3 - (i % 4)]!);
    const affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
    const mirrored = [-1, 0, 0, 3, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
    await writeNifti(at('f.nii'), { shape, datatype: 'float32', data: flipped, affine: mirrored });
    await writeNifti(at('ft.nii'), { shape, datatype: 'uint8', data: new Uint8Array(24).fill(1), affine });
    const entry = { id: 'f', predictions: [at('f.nii')], reference: at('ft.nii') };
    const config = { scores: 'probability', classes: { lesion: [1] }, reorient: true };
    const reduced = await reducedOf(entry, config, 'lesion');
    expect([...reduced.prediction]).toEqual([...values].map((value) => Math.round(255 * value)));
  });

  test('a long side is thinned to 512 voxels at most', async () => {
    const entry = await writeCase({
      folder: at('long'),
      id: 'long',
      seed: 1,
      score: probability,
      shape: [1100, 4, 2],
    });
    const reduced = await reducedOf(entry, { scores: 'probability', classes: { lesion: [1] } }, 'lesion');
    expect(reduced.stride).toEqual([3, 1, 1]);
    expect(reduced.shape[0]).toBeLessThanOrEqual(512);
  });
});
