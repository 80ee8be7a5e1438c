/** Borders and lesions of whole runs: the golden shapes, any tiles, questions without a volume, damaged files. */
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ask } from '../../src/questions/ask/ask.ts';
import { openFinishedRun } from '../../src/questions/ask/finished-run.ts';
import { mergeRuns } from '../../src/questions/merge/merge.ts';
import type { ClassResult } from '../../src/results/document.ts';
import type { BorderResult } from '../../src/results/shapes/document.ts';
import { shapeTable } from '../../src/results/shapes/table.ts';
import type { ConfigInput } from '../../src/settings/schema.ts';
import { writeNifti } from '../../src/volumes/nifti/write.ts';
import { type GoldenCase, goldenCases, near } from '../measures/shapes/volumes.ts';
import { golden } from '../support/golden.ts';
import { pair, resultFiles, score, scored } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { randomNumbers } from './volumes.ts';

const folder = temporaryFolder();
const { cases, tausMm } = goldenCases();
const all: ConfigInput = { measures: ['overlap', 'boundary', 'lesions'], nsdTolerancesMm: tausMm };
const entryOf = (id: string) => cases.find((entry) => entry.id === id)!;
const pairOf = ({ id, prediction, reference }: GoldenCase) =>
  pair(id, golden(`shapes/${prediction}`), golden(`shapes/${reference}`));

function expectBorder(found: BorderResult, expected: GoldenCase['classes'][string], what: string): void {
  expect(found.undefined, what).toBe(expected.undefined);
  expect(found.elementsReference, what).toBe(expected.elements_reference);
  near(found.hd, expected.hd, `${what} hd`);
  near(found.assd, expected.assd, `${what} assd`);
  for (const [name, value] of Object.entries(found.hd95!))
    near(value, expected.hd95?.[name], `${what} ${name}`);
  if (expected.undefined === undefined) {
    for (const tau of tausMm) {
      near(found.nsd[tau]!.nsd, expected.nsd[tau.toFixed(1)].nsd, `${what} nsd ${tau}`);
    }
  }
}

function expectGolden(result: ClassResult, expected: GoldenCase['classes'][string], what: string): void {
  const { boundary, lesions } = result;
  if (!boundary || !('voxel' in boundary)) throw new Error(`${what} has no boundary`);
  expectBorder(boundary.voxel, expected.boundary.voxel, `${what} voxel`);
  expectBorder(boundary.surfel, expected.boundary.surfel, `${what} surfel`);
  const { detection, panoptic } = expected.lesions['26'];
  expect(lesions!.detection.truePositives).toBe(detection.true_positives);
  expect(lesions!.detection.falsePositives).toBe(detection.false_positives);
  near(lesions!.detection.precision, detection.precision, `${what} precision`);
  near(lesions!.panoptic.pq, panoptic.pq, `${what} pq`);
}

test('label maps and probabilities of the golden shapes, whole and in tiles one voxel thick', async () => {
  for (const scores of ['label', 'probability'] as const) {
    const own = cases.filter((entry) => entry.scores === scores);
    const config = { ...all, scores, unknownLabels: 'background' as const };
    const report = await score(own.map(pairOf), config, folder(scores));
    for (const [i, entry] of own.entries()) {
      const { classes } = scored(report.results.cases[i]);
      for (const [name, expected] of Object.entries(entry.classes)) {
        const found = classes[scores === 'label' ? name : 'foreground']!;
        expectGolden(found, expected, `${entry.id} ${name}`);
      }
    }
  }
});

describe('the same bytes for any tiles', () => {
  const some = ['labels', 'comb', 'tall', 'lesions_aniso'].map((id) => pairOf(entryOf(id)));
  const config: ConfigInput = { ...all, scores: 'label', lesionPreset: 'brats-met', ignoreLabel: 3 };

  test('with an ignored label and a preset', async () => {
    await score(some, config, folder('whole'));
    const expected = resultFiles(folder('whole'));
    expect(expected['lesions.csv']).toContain('missed');
    for (const shape of [
      [1, 999, 999],
      [999, 1, 999],
      [999, 999, 1],
      [7, 5, 3],
    ] as const) {
      await score(some, { ...config, tile: { shape: [...shape] } }, folder('tiles'));
      expect(resultFiles(folder('tiles')), String(shape)).toEqual(expected);
    }
  });
});

describe('questions about a finished run', () => {
  const some = ['organ', 'lesions', 'empty_prediction', 'empty_both'].map((id) => pairOf(entryOf(id)));

  test('other percentiles, tolerances, rules and presets are what a fresh run gives', async () => {
    await score(some, { ...all, scores: 'label' }, folder('asked'));
    const question = {
      percentiles: '50,99',
      nsdTolerancesMm: '0.5,3',
      emptyDistance: 'diagonal',
      connectivity: '6',
      matchIou: '0.1',
      lesionPreset: 'brats-gli',
    };
    const fresh = await score(
      some,
      {
        measures: ['overlap', 'boundary', 'lesions'],
        scores: 'label',
        percentiles: [50, 99],
        nsdTolerancesMm: [0.5, 3],
        emptyDistance: 'diagonal',
        connectivity: 6,
        matchIou: 0.1,
        lesionPreset: 'brats-gli',
      },
      folder('fresh'),
    );
    const { results } = await ask(openFinishedRun(folder('asked')), question);
    expect(results).toEqual(fresh.results);
    expect(shapeTable(results)!.notes[0]).toMatch(/one mask is empty: the length of the volume's diagonal/);
    const { boundary } = scored(results.cases[2]).classes['1']!;
    const shape = [0, 1, 2].map((axis) => scored(results.cases[2]).shape[axis]! * [1, 1, 2][axis]!);
    expect(boundary && 'voxel' in boundary && boundary.voxel.hd).toBeCloseTo(Math.hypot(...shape), 10);
    expect(results.means.classes['1']!.emptyCases).toEqual({ reference: 0, prediction: 1, both: 1 });
  });

  test('merged runs are one run, without a withdrawn case too', async () => {
    await score(some.slice(0, 2), { ...all, scores: 'label' }, folder('half-a'));
    await score(some.slice(2), { ...all, scores: 'label' }, folder('half-b'));
    const runs = [openFinishedRun(folder('half-a')), openFinishedRun(folder('half-b'))];
    const { results } = await mergeRuns({ runs, outDir: folder('merged') });
    const whole = await score(some, { ...all, scores: 'label' }, folder('one'));
    expect(results).toEqual(whole.results);
    expect(resultFiles(folder('merged'))['lesions.csv']).toBe(resultFiles(folder('one'))['lesions.csv']);
    const less = await mergeRuns({ runs, outDir: folder('less'), without: ['organ'] });
    const fewer = await score(some.slice(1), { ...all, scores: 'label' }, folder('fewer'));
    expect(less.results).toEqual(fewer.results);
  });

  test('a file of shapes that is damaged, missing or of another case is made again', async () => {
    const { results } = await score(some, { ...all, scores: 'label' }, folder('damaged'));
    const shapes = folder('damaged/work/kept/000001-shapes-measured');
    const bytes = readFileSync(shapes);
    bytes[bytes.length - 9]! ^= 64;
    writeFileSync(shapes, bytes);
    const again = await score(some, { ...all, scores: 'label' }, folder('damaged'), { resume: true });
    expect(again.results).toEqual(results);
    rmSync(shapes);
    const third = await score(some, { ...all, scores: 'label' }, folder('damaged'), { resume: true });
    expect(third.results).toEqual(results);
    copyFileSync(folder('damaged/work/kept/000000-shapes-measured'), shapes);
    const fourth = await score(some, { ...all, scores: 'label' }, folder('damaged'), { resume: true });
    expect(fourth.results).toEqual(results);
  });

  test('masks are dropped with the shards; without shapes nothing is kept', async () => {
    const names = () => readdirSync(folder('dropped/work/kept'));
    await score(some, { ...all, scores: 'label' }, folder('dropped'));
    expect(names().filter((name) => name.endsWith('-masks'))).toHaveLength(some.length);
    await score(some, { ...all, scores: 'label', keepShards: 'never' }, folder('dropped'));
    expect(names()).toEqual(some.map((_, index) => `00000${index}-shapes-measured`));
    await score(some, { scores: 'label' }, folder('dropped'));
    expect(existsSync(folder('dropped/work/kept'))).toBe(false);
  });
});

test('noise is measured within --memory, or fails its case with the arithmetic', async () => {
  const side = 112;
  const random = randomNumbers(4);
  const noise = () => Uint8Array.from({ length: side ** 3 }, () => (random() < 0.5 ? 1 : 0));
  const files = ['noise.nii', 'noise-ref.nii'].map((name) => folder(name));
  const shape = [side, side, side] as const;
  for (const file of files) await writeNifti(file, { shape, datatype: 'uint8', data: noise() });
  const some = [pair('noise', files[0]!, files[1]!), pairOf(entryOf('organ'))];
  const config: ConfigInput = { ...all, scores: 'label', threads: 1 };
  const { results } = await score(some, { ...config, memory: '1GiB' }, folder('large'));
  expect(results.cases.map(({ status }) => status)).toEqual(['ok', 'ok']);
  const less = (await score(some, { ...config, memory: '232MiB' }, folder('small'))).results;
  expect(less.cases[0]).toMatchObject({ status: 'failed', error: { code: 'memory-budget' } });
  expect(JSON.stringify(less.cases[0])).toMatch(
    /case noise: .* bytes for each part .*--measures overlap,boundary/,
  );
  expect(less.cases[1]).toEqual(results.cases[1]);
});
