/** What a thread holds from a job of a case to the next. */
import { expect, test, vi } from 'vitest';
import { LocalStore } from '../../src/run/local-store.ts';
import { configSchema } from '../../src/settings/schema.ts';
import type { Step } from '../../src/threads/steps.ts';
import { writeNifti } from '../../src/volumes/nifti/write.ts';
import { runInProcess } from '../run/in-process.ts';
import { randomNumbers } from '../run/volumes.ts';
import { pair, request, resultFiles } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();

/** Counts the bytes that are read of the masks that cases keep. */
function countReads(): () => number {
  let bytes = 0;
  const { open } = LocalStore.prototype;
  vi.spyOn(LocalStore.prototype, 'open').mockImplementation(function (this: LocalStore, name) {
    const source = open.call(this, name);
    if (source === undefined || !name.includes('masks')) return source;
    return {
      name: source.name,
      path: source.path,
      byteLength: source.byteLength,
      read: (position, target) => {
        bytes += target.length;
        return source.read(position, target);
      },
      close: () => source.close(),
    };
  });
  return () => bytes;
}

/** Noise of two labels: each side of each is a job of its own. */
async function noise(name: string, seed: number): Promise<string> {
  const shape = [48, 48, 48] as const;
  const next = randomNumbers(seed);
  const data = Uint8Array.from({ length: 48 ** 3 }, () => Math.floor(3 * next()));
  await writeNifti(folder(name), { shape, datatype: 'uint8', data });
  return folder(name);
}

test('masks of a class are read once by jobs that follow each other, and anew after anything else', async () => {
  const readBytes = countReads();
  const cases = [pair('noise', await noise('prediction.nii', 1), await noise('reference.nii', 2))];
  const config = configSchema.parse({
    scores: 'label',
    measures: ['boundary', 'lesions'],
    // The case has several tiles, so it is not scored in one step.
    tile: { shape: [48, 48, 20] },
  });
  const run = async (name: string, between: (step: Step, run: (step: Step) => unknown) => void) => {
    const jobs: { classes: number[]; bytes: number }[] = [];
    await runInProcess(request(cases, config, folder(name)), (step, doStep) => {
      if (step.kind !== 'case-job') return doStep(step);
      between(step, doStep);
      const before = readBytes();
      const result = doStep(step);
      const { tasks } = step.job as { tasks: { class: number }[] };
      jobs.push({ classes: tasks.map((task) => task.class), bytes: readBytes() - before });
      return result;
    });
    return jobs;
  };

  const held = await run('held', () => {});
  expect(held.length).toBeGreaterThan(3);
  const known = { class: -1 };
  for (const { classes, bytes } of held) {
    // A job that reads no masks reads what the file says of itself.
    if (classes.every((index) => index === known.class)) expect(bytes).toBeLessThan(4096);
    else expect(bytes).toBeGreaterThan(30_000);
    known.class = classes.at(-1)!;
  }
  expect(held.some(({ bytes }) => bytes < 4096)).toBe(true);

  const anew = await run('anew', (step, doStep) => {
    if (step.kind === 'case-job')
      doStep({ kind: 'open-case', store: step.store, case: step.case, plan: step.plan });
  });
  expect(anew.map(({ classes }) => classes)).toEqual(held.map(({ classes }) => classes));
  for (const { bytes } of anew) expect(bytes).toBeGreaterThan(30_000);
  expect(resultFiles(folder('anew'))).toEqual(resultFiles(folder('held')));
});
