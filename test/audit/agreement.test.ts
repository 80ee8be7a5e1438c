/** An unharmed run passes: every kind of scores, of files and of tiles, on every backend that this machine has. */
import { expect, test } from 'vitest';
import type { ConfigInput } from '../../src/settings/schema.ts';
import { writeNifti } from '../../src/volumes/nifti/write.ts';
import { probabilities, randomNumbers, writePair } from '../run/volumes.ts';
import { golden, goldenCases } from '../support/golden.ts';
import { pair } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { backends } from '../tfjs/backends.ts';
import { auditInProcess } from './in-process.ts';

const folder = temporaryFolder();
let runs = 0;

test.each(
  backends.flatMap((backend) =>
    (['pytorch', 'keras'] as const).map((convention) => [backend, convention] as const),
  ),
)('the golden pairs agree on %s, convention %s', async (backend, convention) => {
  for (const entry of goldenCases) {
    const { scores, ignore: ignoreLabel } = entry as { scores: ConfigInput['scores']; ignore: number | null };
    const report = await auditInProcess(
      [pair(entry.id, golden(entry.prediction), golden(entry.reference))],
      { scores, ignoreLabel, convention, tile: { shape: [64, 23, 13] } },
      folder(`golden-${runs++}`),
      backend,
    );
    expect(report, entry.id).toMatchObject({ passed: true, differences: [], failures: [], unaudited: [] });
    expect(report.tiles.audited, entry.id).toBe(report.tiles.of);
    expect(report.values, entry.id).toBeGreaterThan(0);
    const quantities = report.largest.map(({ quantity }) => quantity);
    if (scores === 'label') expect(quantities).toContain('confusion 0 as 0');
    else expect(quantities).toEqual(expect.arrayContaining(['tp', 'fp', 'fn', 'hard tp', 'lovasz-softmax']));
    if (ignoreLabel !== null) expect(quantities).toContain('ignored');
  }
});

/** Channels of logits that compete, a reference, and regions that add their probabilities up. */
async function writeChannels(prediction: string, reference: string): Promise<void> {
  const shape = [12, 11, 10] as const;
  const voxels = 1320;
  const random = randomNumbers(5);
  const data = Float32Array.from(
    { length: 4 * voxels },
    () => 30 * (random() - 0.5) * (random() < 0.1 ? 8 : 1),
  );
  const labels = Int16Array.from({ length: voxels }, () => Math.floor(6 * random()) - 1);
  await writeNifti(prediction, { shape, channels: 4, datatype: 'float32', data });
  await writeNifti(reference, { shape, datatype: 'int16', data: labels });
}

test.each(backends)('channels that compete, regions and an ignored label agree on %s', async (backend) => {
  const [prediction, reference] = [folder('channels.nii'), folder('channels-ref.nii')];
  await writeChannels(prediction, reference);
  const report = await auditInProcess(
    [pair('channels', prediction, reference)],
    {
      scores: 'logit',
      classes: { whole: [1, 2, 3], core: [2, 3], edge: [1] },
      ignoreLabel: -1,
      unknownLabels: 'background',
      tile: { shape: [12, 5, 3] },
    },
    folder(`regions-${backend}`),
    backend,
  );
  expect(report.passed, JSON.stringify(report.differences[0])).toBe(true);
  expect(report.largest.map(({ quantity }) => quantity)).toEqual(
    expect.arrayContaining(['cross-entropy', 'cross-entropy voxels', 'ignored', 'confusion 0 as 0']),
  );
});

test.each(backends)(
  'gzip that is streamed, odd types and probabilities out of range agree on %s',
  async (backend) => {
    const names = (name: string) => [folder(`${name}.nii.gz`), folder(`${name}-ref.nii.gz`)] as const;
    const streamed = names('streamed');
    await writePair(...streamed, { shape: [9, 8, 40], seed: 3, gzip: true });
    const clamped = names('clamped');
    await writePair(...clamped, {
      shape: [9, 8, 40],
      seed: 4,
      gzip: true,
      edit: (scores) =>
        scores.forEach((score, i) => {
          if (i % 7 === 0) scores[i] = score - 0.01;
          if (i % 11 === 0) scores[i] = -0;
        }),
    });
    const scaled = names('scaled');
    const { scores, mask } = probabilities(2880, 9);
    await writeNifti(scaled[0], {
      shape: [9, 8, 40],
      datatype: 'uint16',
      littleEndian: false,
      slope: 1 / 65535,
      data: Uint16Array.from(scores, (p) => Math.round(65535 * p)),
    });
    await writeNifti(scaled[1], { shape: [9, 8, 40], datatype: 'float64', data: Float64Array.from(mask) });
    const cases = Object.entries({ streamed, clamped, scaled }).map(([id, files]) => pair(id, ...files));
    const report = await auditInProcess(
      cases,
      { scores: 'probability', clamp: true, tile: { shape: [9, 8, 7] } },
      folder(`types-${backend}`),
      backend,
    );
    expect(report.passed, JSON.stringify(report.differences[0])).toBe(true);
    expect(report.tiles).toEqual({ audited: 18, of: 18 });
  },
);

test.each(backends)(
  'tiles without foreground, without background and without voxels agree on %s',
  async (backend) => {
    const files = ['none', 'all', 'ignored'].map((id) =>
      pair(id, folder(`${id}.nii`), folder(`${id}-ref.nii`)),
    );
    for (const [i, { predictions, reference }] of files.entries()) {
      await writePair(predictions[0]!, reference, {
        shape: [8, 8, 8],
        seed: i + 1,
        edit: (_scores, mask) => mask.fill([0, 1, 9][i]!),
      });
    }
    const report = await auditInProcess(
      files,
      { scores: 'probability', ignoreLabel: 9, tile: { shape: [8, 8, 3] } },
      folder(`sides-${backend}`),
      backend,
    );
    expect(report.passed, JSON.stringify(report.differences[0])).toBe(true);
  },
);
