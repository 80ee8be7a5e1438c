/** Memory among threads, on simulated machines. */
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { localStore } from '../../src/run/open-store.ts';
import { planMemory } from '../../src/run/plan/memory.ts';
import { RunFolder } from '../../src/run/run-folder.ts';
import { pair, request, resultFiles } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { runInProcess } from './in-process.ts';
import { writePair } from './volumes.ts';

const folder = temporaryFolder();
const gibi = 2 ** 30;
const mebi = 2 ** 20;

test('auto takes what the machine offers as far as memory holds it, for 1 to 256 hardware threads', () => {
  for (const memory of [256 * mebi, 512 * mebi, gibi, 2 * gibi, 64 * gibi]) {
    for (let hardware = 1; hardware <= 256; hardware++) {
      const { threads, threadBytes } = planMemory({ memory, threads: 'auto' }, hardware);
      expect(threads).toBeGreaterThanOrEqual(1);
      expect(threads).toBeLessThanOrEqual(hardware);
      expect(threadBytes).toBeGreaterThanOrEqual(8 * mebi);
      expect((2 * threads + 2) * threadBytes + 192 * mebi).toBeLessThanOrEqual(memory);
      // One thread more would have been too much, or the machine has no more.
      if (threads < hardware) {
        expect(() => planMemory({ memory, threads: threads + 1 }, hardware)).toThrow(/give --memory/);
      }
    }
  }
});

test('a number of threads is taken as it is or refused with the arithmetic', () => {
  expect(planMemory({ memory: 2 * gibi, threads: 8 }, 2)).toEqual({
    threads: 8,
    threadBytes: Math.floor((2 * gibi - 192 * mebi) / 18),
  });
  expect(() => planMemory({ memory: 2 * gibi, threads: 200 }, 2)).toThrow(
    /\(2147483648 - 201326592 bytes for the process\) \/ \(2 x 200 threads \+ 2\) = \d+ bytes per thread, .* fewer --threads/,
  );
  expect(() => planMemory({ memory: 100 * mebi, threads: 'auto' }, 4)).toThrow(
    /2 x 1 threads .* give --memory 224MiB or more$/,
  );
  expect(planMemory({ memory: 224 * mebi, threads: 'auto' }, 4)).toEqual({
    threads: 1,
    threadBytes: 8 * mebi,
  });
});

test('more hardware than can be asked for', () => {
  expect(planMemory({ memory: 64 * gibi, threads: 'auto' }, 1024).threads).toBe(256);
});

test.each([
  ['more memory goes on with the tiles that are there', 225, 2048, true],
  ['less memory cuts the case anew', 2048, 225, false],
] as const)('a run that is resumed on a machine with %s', async (_name, before, after, goesOn) => {
  const out = folder(`${before}-${after}`);
  mkdirSync(out);
  const [prediction, reference] = [join(out, 'p.nii'), join(out, 'r.nii')];
  await writePair(prediction, reference, { shape: [64, 64, 480], seed: 1 });
  const cases = [pair('a', prediction, reference)];
  const config = { threads: 1, tile: { voxels: 600_000, bundle: 1 } } as const;
  const stopped = runInProcess(request(cases, { ...config, memory: before * mebi }, out), (step, run) => {
    if (step.kind === 'score-bundle' && step.bundle === 1) throw new Error('killed');
    return run(step);
  });
  await expect(stopped).rejects.toThrow('killed');
  const runFolder = new RunFolder(localStore(join(out, 'work')));
  const { tileShape } = runFolder.readPlan(0);
  const { ino } = statSync(runFolder.store.pathOf(runFolder.bundle(0, 0)));
  let scoredAgain = false;
  let cut: readonly number[] = [];
  await runInProcess(
    request(cases, { ...config, memory: after * mebi }, out, { resume: true }),
    (step, run) => {
      if (step.kind === 'score-bundle') {
        cut = runFolder.readPlan(0).tileShape;
        scoredAgain ||= step.bundle === 0;
      }
      if (step.kind === 'open-case' && goesOn)
        expect(statSync(runFolder.store.pathOf(runFolder.bundle(0, 0))).ino).toBe(ino);
      return run(step);
    },
  );
  expect(scoredAgain).toBe(!goesOn);
  if (goesOn) expect(cut).toEqual(tileShape);
  else expect(cut[2]).toBeLessThan(tileShape[2]);
  const whole = folder(`${before}-${after}-whole`);
  mkdirSync(whole);
  await runInProcess(request(cases, { threads: 1 }, whole), (step, run) => run(step));
  expect(resultFiles(out)).toEqual(resultFiles(whole));
});
