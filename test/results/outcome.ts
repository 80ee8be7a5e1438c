import type { Vec3 } from '../../src/base/box.ts';
import type { ClassSums } from '../../src/base/class-sums.ts';
import type { HeldOutcome, ScoredCase } from '../../src/base/scored.ts';
import { measuresOf, multiclassOf } from '../losses/oracle.ts';

/** Small runs made from arrays, for the tests of what comes after the kernels. */

interface SmallCase {
  readonly id: string;
  readonly p: readonly number[];
  readonly t: readonly number[];
}

const binaryCases: SmallCase[] = [
  { id: 'good', p: [0.9, 0.8, 0.1, 0.2], t: [1, 1, 0, 0] },
  { id: 'bad, "very"', p: [0.2, 0.6, 0.9, 0.4], t: [1, 1, 0, 0] },
  { id: 'empty', p: [0.1, 0.2, 0.3, 0.1], t: [0, 0, 0, 0] },
];

const scored = (id: string, classes: Record<string, ClassSums>, spacingMm: Vec3 = [1, 2, 5]): ScoredCase => ({
  id,
  status: 'ok',
  shape: [2, 2, 1],
  spacingMm,
  voxelMm3: spacingMm[0] * spacingMm[1] * spacingMm[2],
  predictionFile: `preds/${id}.nii.gz`,
  referenceFile: `labels/${id}.nii.gz`,
  classes,
});

const measure = ({ p, t }: SmallCase) =>
  measuresOf(
    p,
    t.map((label) => label === 1),
    'probability',
  );

/** Three scored binary cases of one channel, the last without reference, one failed and one incomplete. */
export function binaryRun(): HeldOutcome {
  const all: SmallCase = {
    id: 'all',
    p: binaryCases.flatMap(({ p }) => p),
    t: binaryCases.flatMap(({ t }) => t),
  };
  return {
    scores: 'probability',
    channels: 'independent',
    classes: [{ name: 'lesion', labels: [1] }],
    cases: [
      { ...scored(binaryCases[0]!.id, { lesion: measure(binaryCases[0]!) }), group: 'site A' },
      ...binaryCases.slice(1).map((entry) => scored(entry.id, { lesion: measure(entry) }, [1, 1, 2])),
      {
        id: 'broken',
        status: 'failed',
        error: {
          code: 'nan',
          message: 'NaN at [1,0,0]\nin "x", 1',
          file: 'preds/broken.nii',
          voxel: [1, 0, 0],
        },
      },
      {
        id: 'torn',
        group: 'site A',
        status: 'incomplete',
        error: { code: 'missing', message: 'tile 3 is missing' },
      },
    ],
    pooled: { classes: { lesion: measure(all) } },
  };
}

/** One case of three competing classes, of which the reference lacks the last, and a region of two. */
export function exclusiveRun(): HeldOutcome {
  const channels = [
    [0.7, 0.1, 0.2, 0.4],
    [0.2, 0.8, 0.3, 0.3],
    [0.1, 0.1, 0.5, 0.3],
  ];
  const { classes, multiclass } = multiclassOf(channels, [0, 1, 1, 0], [0, 1, 2]);
  const region = channels[1]!.map((p, i) => p + channels[2]![i]!);
  const all = { ...classes, any: measuresOf(region, [false, true, true, false], 'probability') };
  return {
    scores: 'probability',
    channels: 'exclusive',
    classes: [
      { name: '0', labels: [0] },
      { name: '1', labels: [1] },
      { name: '2', labels: [2] },
      { name: 'any', labels: [1, 2] },
    ],
    cases: [{ ...scored('only', all), multiclass }],
    pooled: { classes: all, multiclass },
  };
}

/** A run in which every case failed. */
export function failedRun(): HeldOutcome {
  const run = binaryRun();
  const unscored = run.cases.filter((entry) => entry.status !== 'ok');
  return { scores: run.scores, channels: run.channels, classes: run.classes, cases: unscored };
}
