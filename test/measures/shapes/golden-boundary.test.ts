import { describe, expect, test } from 'vitest';
import { facetAreasMm2 } from '../../../src/measures/boundary/facet-areas.ts';
import { borders, measureDistances } from '../../../src/measures/boundary/measure-distances.ts';
import { borderValues } from '../../../src/measures/boundary/values.ts';
import { WeightedDistances } from '../../../src/measures/boundary/weighted-distances.ts';
import { emptyMask } from '../../../src/measures/masks/mask.ts';
import { goldenCases, goldenFolder, kernels, masksOf, near, readCodes } from './volumes.ts';

const { cases, tausMm } = goldenCases();

describe('boundary values of the golden shapes', () => {
  for (const golden of cases) {
    test(golden.id, async () => {
      const prediction = await readCodes(goldenFolder + golden.prediction, golden.threshold);
      const reference = await readCodes(goldenFolder + golden.reference);
      const [p, r] = [masksOf(prediction), masksOf(reference)];
      for (const [name, { boundary }] of Object.entries(golden.classes)) {
        const label = Number(name);
        const from = r.get(label) ?? emptyMask(reference.shape);
        const to = p.get(label) ?? emptyMask(reference.shape);
        const { spacingMm } = golden;
        const task = { ignored: emptyMask(reference.shape), spacingMm };
        const lists = {
          reference: measureDistances(kernels(), { ...task, from, to }),
          prediction: measureDistances(kernels(), { ...task, from: to, to: from }),
        };
        for (const border of borders) {
          const weights = border === 'surfel' ? facetAreasMm2(spacingMm) : null;
          const values = borderValues(
            border,
            {
              reference: WeightedDistances.of(lists.reference[border], weights),
              prediction: WeightedDistances.of(lists.prediction[border], weights),
            },
            { percentiles: [95], tolerancesMm: tausMm },
            null,
          );
          const expected = boundary[border];
          const what = (field: string) => `${name} ${border} ${field}`;
          expect(values.undefined).toBe(expected.undefined);
          expect(values.elementsReference).toBe(expected.elements_reference);
          expect(values.elementsPrediction).toBe(expected.elements_prediction);
          near(values.sizeReference, expected.size_reference, what('size'));
          near(values.sizePrediction, expected.size_prediction, what('size'));
          near(values.hd, expected.hd, what('hd'));
          near(values.meanReferenceToPrediction, expected.mean_reference_to_prediction, what('mean r'));
          near(values.meanPredictionToReference, expected.mean_prediction_to_reference, what('mean p'));
          near(values.masd, expected.masd, what('masd'));
          near(values.assd, expected.assd, what('assd'));
          for (const [definition, value] of Object.entries(values.percentiles.hd95!)) {
            near(value, expected.hd95?.[definition], what(definition));
          }
          for (const [tau, own] of Object.entries(values.nsd)) {
            if (expected.nsd === undefined) continue;
            const golden = expected.nsd[Number(tau).toFixed(1)];
            near(own.nsd, golden.nsd, what(`nsd ${tau}`));
            near(own.referenceWithin, golden.reference_within, what(`nsd ${tau}`));
            near(own.predictionWithin, golden.prediction_within, what(`nsd ${tau}`));
          }
        }
      }
    });
  }
});
