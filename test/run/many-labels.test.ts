/** Label maps of many labels: what they cost grows with voxels and labels, not with pairs of labels. */
import { mkdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { countsOfClasses } from '../../src/losses/metrics/confusion.ts';
import { writeNifti } from '../../src/volumes/nifti/write.ts';
import { pair, score, scored } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { sharedCase } from './cases.ts';
import { randomNumbers } from './volumes.ts';

const folder = temporaryFolder();
const shape = [48, 48, 40] as const;
const voxels = 48 * 48 * 40;

/** Processor seconds of this process while something is done. */
async function processorSeconds(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

async function scoreLabels(prediction: string, reference: string, name: string) {
  const out = folder(name);
  mkdirSync(out);
  const report = await score([pair('a', prediction, reference)], { threads: 1 }, out);
  return { out, results: report.results, result: scored(report.results.cases[0]) };
}

test('200 labels: every label is a class, and the matrix is in results.json', async () => {
  const { prediction, reference } = sharedCase('29b-200');
  const { results, result } = await scoreLabels(prediction, reference, 'two-hundred');
  expect(results.classes).toHaveLength(200);
  expect(result.confusion!.matrix).toHaveLength(200);
  const sum = result.confusion!.matrix!.flat().reduce((a, b) => a + b, 0);
  expect(sum).toBe(voxels);
});

test('1200 labels: the pairs that occur, counted as one class after the other would be, in a few seconds', async () => {
  const random = randomNumbers(3);
  const reference = Uint16Array.from({ length: voxels }, (_, i) => Math.floor((i * 1201) / voxels));
  const prediction = reference.map((label) => (random() < 0.2 ? Math.floor(random() * 1201) : label));
  const paths = [folder('p.nii'), folder('r.nii')] as const;
  await writeNifti(paths[0], { shape, datatype: 'uint16', data: prediction });
  await writeNifti(paths[1], { shape, datatype: 'uint16', data: reference });
  let run: Awaited<ReturnType<typeof scoreLabels>> | undefined;
  const seconds = await processorSeconds(async () => {
    run = await scoreLabels(...paths, 'many');
  });
  // About 2 s; three times as much on a slow machine.
  expect(seconds).toBeLessThan(9);
  const { result, results, out } = run!;
  expect(results.classes).toHaveLength(1200);
  expect(result.confusion!.matrix).toBeUndefined();
  for (const label of [1, 600, 1200]) {
    const [tp, fp, fn] = [0, 0, 0].map((_, side) => {
      const wanted = [
        [true, true],
        [false, true],
        [true, false],
      ][side]!;
      return reference.reduce(
        (n, r, i) => n + Number((r === label) === wanted[0] && (prediction[i] === label) === wanted[1]),
        0,
      );
    });
    expect(result.classes[label]!.metrics).toMatchObject({ tp, fp, fn, tn: voxels - tp! - fp! - fn! });
  }
  // The empty cells of 1201 x 1201 alone would take more.
  expect(readFileSync(`${out}/results.json`).length).toBeLessThan(8_000_000);
});

test('counts of classes take one pass: ten times the labels over the same pairs cost much less than ten times', () => {
  const random = randomNumbers(5);
  const pairs = Array.from({ length: 20_000 }, (_, i) => [i % 2000, Math.floor(random() * 2000), 1] as const);
  const timed = (count: number) => {
    const classes = Array.from({ length: count }, (_, label) => [label]);
    const before = process.cpuUsage();
    for (let times = 0; times < 20; times++) countsOfClasses(pairs, classes);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  timed(2000);
  const few = timed(200);
  expect(timed(2000)).toBeLessThan(6 * few);
});
