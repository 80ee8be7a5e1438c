import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { ask } from '../../../src/questions/ask/ask.ts';
import { openFinishedRun } from '../../../src/questions/ask/finished-run.ts';
import { curvesCsv } from '../../../src/questions/curves/csv.ts';
import { curves } from '../../../src/questions/curves/curves.ts';
import type { ClassCurves } from '../../../src/questions/curves/types.ts';
import { writeCase, writeRow } from '../../support/made-up-cases.ts';
import { score } from '../../support/score.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { bruteCurves, type Voxel } from './brute.ts';

const path = temporaryFolder();
let serial = 0;

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const pooled = { classes: ['foreground'], threads: 2 } as const;

/** Curves over rows of voxels, each a case, pooled. */
async function curvesOf(
  rows: readonly (readonly Voxel[])[],
  scores: 'probability' | 'logit',
  options: { readonly maxPoints?: number; readonly bins?: number; readonly case?: string } = {},
): Promise<ClassCurves> {
  const folder = path(`run-${serial++}`);
  const cases = await Promise.all(
    rows.map((row, i) =>
      writeRow(
        folder,
        `c${i}`,
        row.map((voxel) => voxel.score),
        row.map((voxel) => voxel.label),
      ),
    ),
  );
  await score(cases, { scores, losses: 'dice', keepShards: 'always', tile: { voxels: 7 } }, `${folder}/run`);
  const [found] = await curves(openFinishedRun(`${folder}/run`), { ...pooled, maxPoints: 1e6, ...options });
  return found!;
}

function expectBrute(
  found: ClassCurves,
  voxels: readonly Voxel[],
  probabilityOf: (score: number) => number,
): void {
  const brute = bruteCurves(voxels, probabilityOf);
  const close = (value: number | null | undefined, expected: number | null) => {
    if (expected === null) expect(value).toBeNull();
    else expect(value).toBeCloseTo(expected, 13);
  };
  close(found.roc!.auc, brute.auc);
  close(found.pr!.averagePrecision, brute.averagePrecision);
  close(found.threshold!.best?.dice ?? null, brute.bestDice);
  expect(found.threshold!.best?.score ?? null).toBe(brute.bestScore);
  close(found.calibration!.brier, brute.brier);
  close(found.calibration!.ece, brute.ece(found.calibration!.bins.length));
  const all = found.threshold!.points.map(({ score, tp, fp }) => ({ score, tp, fp }));
  // Thinning keeps points of the curve, its first and its last.
  expect(brute.points).toEqual(expect.arrayContaining(all));
  expect([all[0], all.at(-1)]).toEqual([brute.points[0], brute.points.at(-1)]);
}

const float = (value: number) => Math.fround(value);
const label = fc.integer({ min: 0, max: 1 });
// Scores with many ties, and such as end or begin a bucket of keys, where both sides of the label meet.
const edge = new Uint32Array([
  0x3e800000, 0x3e80ffff, 0x3e810000, 0x3effffff, 0x3f000000, 0x3f010000, 0x3f7f0000, 1,
]);
const probabilities = fc.oneof(
  fc.constantFrom(0, 1, 0.5, 0.1, 0.9, 0.25, 2 ** -149, 1 - 2 ** -24, ...new Float32Array(edge.buffer)),
  fc.float({ min: 0, max: 1, noNaN: true }),
);
const logits = fc.oneof(
  fc.constantFrom(0, 1, -1, 2, -2, 0.5, 40, -40, ...[...new Float32Array(edge.buffer)].map((x) => -x)),
  fc.float({ min: -20, max: 20, noNaN: true }),
);
const rowsOf = (scores: fc.Arbitrary<number>) =>
  fc.array(
    fc.array(fc.record({ score: scores.map((value) => float(value) + 0), label }), {
      minLength: 1,
      maxLength: 30,
    }),
    {
      minLength: 1,
      maxLength: 3,
    },
  );

test('any probabilities: areas, best threshold and calibration are those of their definitions', async () => {
  await fc.assert(
    fc.asyncProperty(rowsOf(probabilities), async (rows) => {
      expectBrute(await curvesOf(rows, 'probability'), rows.flat(), (p) => p);
    }),
    { numRuns: 6, seed: 1 },
  );
});

test('any logits', async () => {
  await fc.assert(
    fc.asyncProperty(rowsOf(logits), async (rows) => {
      expectBrute(await curvesOf(rows, 'logit'), rows.flat(), sigmoid);
    }),
    { numRuns: 6, seed: 2 },
  );
});

/** The voxels whose values scikit-learn 1.9.1 gave: roc_auc_score, average_precision_score, brier_score_loss and calibration_curve. */
const known: readonly Voxel[] = Array.from({ length: 400 }, (_, i) => {
  const p = float(((i * 7919 + 13) % 101) / 100);
  return { score: p, label: (i * 104729 + 7) % 17 < 3 + 8 * p ? 1 : 0 };
});

test('values of scikit-learn', async () => {
  const found = await curvesOf([known], 'probability');
  expect(found).toMatchObject({ voxels: 400, positives: 176, negatives: 224, case: null, cases: 1 });
  expect(found.roc!.auc).toBeCloseTo(0.690721387987013, 14);
  expect(found.pr!.averagePrecision).toBeCloseTo(0.6113578105122344, 14);
  expect(found.calibration!.brier).toBeCloseTo(0.24004549997505564, 14);
  expect(found.calibration!.ece).toBeCloseTo(0.12439999971538783, 14);
  expect(found.calibration!.bins.map(({ voxels }) => voxels)).toEqual([
    40, 40, 40, 39, 44, 35, 44, 35, 44, 39,
  ]);
  expect(found.calibration!.bins.map(({ fraction }) => fraction)).toEqual([
    0.225, 0.25, 0.275, 0.358974358974359, 0.4090909090909091, 0.42857142857142855, 0.5227272727272727,
    0.6285714285714286, 0.6363636363636364, 0.6666666666666666,
  ]);
  expect(found.calibration!.bins[3]!.meanProbability).toBeCloseTo(0.3456410276584136, 14);
});

test('how voxels lie in cases and tiles, and how many points are drawn, changes no value', async () => {
  const whole = await curvesOf([known], 'probability', { maxPoints: 16 });
  const parts = await curvesOf(
    [known.slice(100, 130), known.slice(130), known.slice(0, 100)],
    'probability',
    {
      maxPoints: 16,
    },
  );
  expect({ ...parts, cases: 1 }).toEqual(whole);
  const full = await curvesOf([known], 'probability');
  for (const kind of ['roc', 'pr', 'threshold'] as const) {
    expect(whole[kind]!.points.length).toBeLessThanOrEqual(16);
    expect(full[kind]!.points.length).toBeGreaterThan(99);
    expect(full[kind]!.points).toEqual(expect.arrayContaining([...whole[kind]!.points]));
  }
  expect(whole.roc!.auc).toBe(full.roc!.auc);
  expect(whole.pr!.averagePrecision).toBe(full.pr!.averagePrecision);
  expect(whole.threshold!.best).toEqual(full.threshold!.best);
  expect(whole.threshold!.points).toContainEqual(
    expect.objectContaining({ score: whole.threshold!.best!.score, dice: whole.threshold!.best!.dice }),
  );
  const ends = [whole.roc!.points[0], whole.roc!.points.at(-1)];
  expect(ends).toMatchObject([
    { fpr: 0, tpr: 0 },
    { fpr: 1, tpr: 1 },
  ]);
});

test('a case by itself', async () => {
  const rows = [known.slice(0, 50), known.slice(50)];
  const found = await curvesOf(rows, 'probability', { case: 'c1' });
  expect(found).toMatchObject({ case: 'c1', cases: 1, voxels: 350 });
  expectBrute(found, rows[1]!, (p) => p);
});

describe('degenerate', () => {
  const voxel = (score: number, label: number): Voxel => ({ score, label });

  test('no foreground', async () => {
    const found = await curvesOf([[voxel(0.2, 0), voxel(0.6, 0)]], 'probability');
    expect(found.roc).toEqual({ auc: null, points: [] });
    expect(found.pr).toEqual({ averagePrecision: null, points: [] });
    expect(found.threshold!.best).toBeNull();
    expect(found.threshold!.points.map(({ dice }) => dice)).toEqual([0, 0]);
    expect(found.calibration!.brier).toBeCloseTo((float(0.2) ** 2 + float(0.6) ** 2) / 2, 14);
  });

  test('no background', async () => {
    const found = await curvesOf([[voxel(0.2, 1), voxel(0.6, 1)]], 'probability');
    expect(found.roc!.auc).toBeNull();
    expect(found.pr!.averagePrecision).toBe(1);
    expect(found.threshold!.best).toMatchObject({ score: float(0.2), dice: 1 });
  });

  test('all scores equal', async () => {
    for (const value of [0, 0.5, 1, 0.3]) {
      const row = [
        voxel(float(value), 1),
        voxel(float(value), 0),
        voxel(float(value), 0),
        voxel(float(value), 0),
      ];
      const found = await curvesOf([row], 'probability');
      expect(found.roc!.auc).toBe(0.5);
      expect(found.pr!.averagePrecision).toBe(0.25);
      expect(found.threshold!.best).toMatchObject({ tp: 1, fp: 3, dice: 0.4 });
      expect(found.threshold!.points).toHaveLength(1);
    }
  });

  test('a perfect and a reversed prediction', async () => {
    const row = [voxel(1, 1), voxel(0.75, 1), voxel(0.25, 0), voxel(0, 0)];
    expect((await curvesOf([row], 'probability')).roc!.auc).toBe(1);
    const reversed = row.map(({ score, label }) => voxel(score, 1 - label));
    expect((await curvesOf([reversed], 'probability')).roc!.auc).toBe(0);
  });
});

describe.each(['probability', 'logit'] as const)('the best threshold of a run of scores: %s', (scores) => {
  test('gives its Dice when it is asked for', async () => {
    const folder = path(`best-${scores}`);
    const make = (random: () => number, label: number) =>
      scores === 'logit' ? 8 * (random() - 0.5) + 2 * label : 0.7 * random() + 0.3 * label;
    const cases = [await writeCase({ folder, id: 'a', seed: 5, score: make, shape: [20, 10, 5] })];
    await score(cases, { scores, keepShards: 'always' }, `${folder}/run`);
    const run = openFinishedRun(`${folder}/run`);
    const [found] = await curves(run, { ...pooled, kinds: ['threshold'], maxPoints: 1e6 });
    const { best, points } = found!.threshold!;
    const { results } = await ask(run, { losses: 'dice', threshold: best!.threshold! });
    expect(results.pooled!.classes.foreground!.metrics).toMatchObject({
      tp: best!.tp,
      fp: best!.fp,
      dice: best!.dice,
    });
    expect(Math.max(...points.map(({ dice }) => dice))).toBe(best!.dice);
  });
});

describe('what cannot be drawn', () => {
  const row = [
    { score: 0.25, label: 0 },
    { score: 0.75, label: 1 },
  ];
  beforeAll(async () => {
    const entry = await writeRow(path('plain'), 'c0', [0.25, 0.75], [0, 1]);
    await score([entry], { scores: 'probability', losses: 'dice' }, path('plain', 'run'));
    await score([entry], { scores: 'probability', losses: 'lovasz-softmax' }, path('plain', 'kept'));
  });

  test('says what to do', async () => {
    const bare = openFinishedRun(path('plain', 'run'));
    await expect(curves(bare, pooled)).rejects.toThrow(
      /a curve needs the stored shards.*--keep-shards always/,
    );
    const run = openFinishedRun(path('plain', 'kept'));
    await expect(curves(run, { classes: ['tumour'] })).rejects.toThrow(
      /"tumour".*its classes are foreground/,
    );
    await expect(curves(run, { ...pooled, case: 'x' })).rejects.toThrow(/case "x" is not in/);
    await expect(curves(run, { ...pooled, maxPoints: 3 })).rejects.toThrow(/points: 3/);
    await expect(curves(run, { ...pooled, bins: 0 })).rejects.toThrow(/bins: 0/);
  });

  test('the table has a row a point and bin', async () => {
    const found = await curvesOf([row], 'probability', { bins: 2 });
    expect([...curvesCsv([found])].join('').split('\r\n')).toEqual([
      'kind,class,case,score,probability,tp,fp,fpr,tpr,recall,precision,dice,jaccard,best,low,high,voxels,foreground,meanProbability,fraction',
      'roc,foreground,,,,0,0,0,0,,,,,,,,,,,',
      'roc,foreground,,0.75,0.75,1,0,0,1,,,,,,,,,,,',
      'roc,foreground,,0.25,0.25,1,1,1,1,,,,,,,,,,,',
      'pr,foreground,,,,0,0,,,0,1,,,,,,,,,',
      'pr,foreground,,0.75,0.75,1,0,,,1,1,,,,,,,,,',
      'pr,foreground,,0.25,0.25,1,1,,,1,0.5,,,,,,,,,',
      'threshold,foreground,,0.75,0.75,1,0,,,,,1,1,1,,,,,,',
      'threshold,foreground,,0.25,0.25,1,1,,,,,0.6666666666666666,0.5,,,,,,,',
      'calibration,foreground,,,,,,,,,,,,,0,0.5,1,0,0.25,0',
      'calibration,foreground,,,,,,,,,,,,,0.5,1,1,1,0.75,1',
      '',
    ]);
  });
});
