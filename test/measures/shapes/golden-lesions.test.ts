import { describe, expect, test } from 'vitest';
import { bratsValues, measureBrats } from '../../../src/measures/lesions/brats.ts';
import { atConnectivity } from '../../../src/measures/lesions/components.ts';
import { detect, detectionValues } from '../../../src/measures/lesions/detection.ts';
import { findComponents } from '../../../src/measures/lesions/find-components.ts';
import { panoptic, panopticValues } from '../../../src/measures/lesions/panoptic.ts';
import { emptyMask } from '../../../src/measures/masks/mask.ts';
import { connectivities } from '../../../src/settings/shape-names.ts';
import { goldenCases, goldenFolder, kernels, masksOf, near, readCodes } from './volumes.ts';

const { cases } = goldenCases();

interface Listed {
  readonly mm3: number;
  readonly dice: number;
  readonly hd95: number | null;
}
/** By size, then by what tells lesions of one size apart, roundings aside. */
const bySize = (a: Listed, b: Listed) => a.mm3 - b.mm3 || a.dice - b.dice || a.hd95! - b.hd95!;

describe('lesions of the golden shapes', () => {
  for (const golden of cases) {
    test(golden.id, async () => {
      const prediction = await readCodes(goldenFolder + golden.prediction, golden.threshold);
      const reference = await readCodes(goldenFolder + golden.reference);
      const [p, r] = [masksOf(prediction), masksOf(reference)];
      for (const [name, expected] of Object.entries(golden.classes)) {
        const own = r.get(Number(name)) ?? emptyMask(reference.shape);
        const other = p.get(Number(name)) ?? emptyMask(reference.shape);
        const all = findComponents(kernels(), own, other);
        for (const connectivity of connectivities) {
          const table = atConnectivity(all, connectivity);
          const { lesions } = expected;
          const values = lesions[connectivity];
          for (const side of ['reference', 'prediction'] as const) {
            expect([...table[side].voxels]).toEqual(
              values[side].map(({ voxels }: { voxels: number }) => voxels),
            );
          }
          const { overlap } = table;
          expect(
            [...overlap.voxels].map((voxels, i) => [overlap.reference[i], overlap.prediction[i], voxels]),
          ).toEqual(values.overlap);
          const detection = detectionValues(detect(table));
          expect(detection.truePositives).toBe(values.detection.true_positives);
          expect(detection.falseNegatives).toBe(values.detection.false_negatives);
          expect(detection.falsePositives).toBe(values.detection.false_positives);
          near(detection.sensitivity, values.detection.sensitivity, 'sensitivity');
          near(detection.precision, values.detection.precision, 'precision');
          const quality = panopticValues(panoptic(table, 0.5));
          for (const field of ['tp', 'fp', 'fn', 'rq', 'sq', 'pq'] as const) {
            near(quality[field], values.panoptic[field], field);
          }
        }
        for (const [rule, values] of Object.entries(expected.brats ?? {})) {
          const [, dilation, minMm3] = /dilation(\d+)_min(\d+)/.exec(rule)!.map(Number);
          const none = emptyMask(reference.shape);
          const found = measureBrats(
            kernels(),
            own,
            other,
            none,
            { spacingMm: golden.spacingMm, voxelMm3: golden.spacingMm.reduce((a, b) => a * b) },
            { dilation: dilation!, minMm3: minMm3! },
            Number.POSITIVE_INFINITY,
          );
          // biome-ignore lint/suspicious/noExplicitAny: the golden file's own names
          const golden_ = values as any;
          expect(found.lesions.length).toBe(golden_.lesions.length);
          // The golden list has an order of its own.
          const listed = golden_.lesions.toSorted(bySize);
          for (const [i, lesion] of found.lesions.toSorted(bySize).entries()) {
            near(lesion.mm3, listed[i].mm3, `${rule} ${i} mm3`);
            near(lesion.dice, listed[i].dice, `${rule} ${i} dice`);
            near(lesion.hd95, listed[i].hd95, `${rule} ${i} hd95`);
            expect(lesion.found).toBe(listed[i].found);
          }
          const means = bratsValues([found]);
          expect(means.falsePositives).toBe(golden_.false_positives);
          near(means.dice, golden_.dice, 'dice');
          near(means.hd95, golden_.hd95, 'hd95');
        }
      }
    });
  }
});
