/** What becomes of a run whose files are broken, or are replaced while it goes on or between two starts of it. */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import type { ConfigInput } from '../../src/settings/schema.ts';
import { pair, request, resultFiles, score } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { runInProcess } from './in-process.ts';
import { writePair } from './volumes.ts';

const folder = temporaryFolder();
const names = ['a', 'b', 'c', 'd', 'e'];
const cases = names.map((name) => pair(name, folder(`${name}.nii`), folder(`${name}-ref.nii`)));
const shape = [6, 5, 8] as const;
const config: ConfigInput = { scores: 'probability', tile: { shape: [6, 5, 2], bundle: 1 }, mergeFanIn: 2 };

beforeEach(async () => {
  for (const [seed, name] of names.entries()) {
    await writePair(folder(`${name}.nii`), folder(`${name}-ref.nii`), { shape, seed: seed + 1 });
  }
});

let serial = 0;
function newFolder(): string {
  const out = folder(`out-${serial++}`);
  mkdirSync(out);
  return out;
}

/** Other voxels under the same name, in as many bytes. */
async function replace(name: string): Promise<void> {
  const { mtimeMs } = statSync(folder(`${name}.nii`));
  await writePair(folder('other.nii'), folder('other-ref.nii'), { shape, seed: 99 });
  copyFileSync(folder('other.nii'), folder(`${name}.nii`));
  // Coarse clocks would take a quick test for no change.
  utimesSync(folder(`${name}.nii`), new Date(), new Date(mtimeMs + 5000));
}

async function fresh(): Promise<ReturnType<typeof resultFiles>> {
  const out = newFolder();
  await score(cases, config, out);
  return resultFiles(out);
}

test('two broken gzip files of a case: the same fault is told however they are read', async () => {
  const [prediction, reference] = [folder('broken.nii.gz'), folder('broken-ref.nii.gz')];
  await writePair(prediction, reference, { shape: [64, 64, 128], seed: 1, gzip: true });
  // A stream meets the end of the reference long before that of the prediction.
  truncateSync(prediction, Math.floor(0.9 * statSync(prediction).size));
  truncateSync(reference, Math.floor(0.05 * statSync(reference).size));
  const broken = [pair('broken', prediction, reference)];
  const errors = [];
  for (const more of [
    { tile: { shape: [64, 64, 1], bundle: 1 } },
    { tile: { shape: [64, 64, 1] } },
    { tile: { shape: [64, 64, 128] } },
    { stageAboveMiB: 0 },
  ] as const) {
    const report = await score(broken, { scores: 'probability', ...more }, newFolder());
    errors.push(report.results.cases[0]);
  }
  expect(errors[0]).toMatchObject({ status: 'failed', error: { code: 'gzip-cut-off', file: prediction } });
  for (const error of errors) expect(error).toEqual(errors[0]);
});

test.each(['always', 'never'] as const)(
  'a file that was replaced after a run: --resume scores its case anew (shards kept: %s)',
  async (keepShards) => {
    const out = newFolder();
    await score(cases, { ...config, keepShards }, out);
    const before = resultFiles(out);
    const outcome = (index: number) => statSync(join(out, 'work', 'cases', `00000${index}.json`)).mtimeMs;
    const first = outcome(0);
    await replace('b');
    await score(cases, { ...config, keepShards }, out, { resume: true });
    expect(resultFiles(out)).toEqual(await fresh());
    expect(resultFiles(out)).not.toEqual(before);
    if (keepShards === 'always') expect(outcome(0)).toBe(first);
  },
);

test('a file that was replaced between two starts: tiles of the one before are not used', async () => {
  const out = newFolder();
  const stopped = runInProcess(request(cases, config, out), (step, run) => {
    if (step.kind === 'open-case') throw new Error('killed');
    return run(step);
  });
  await expect(stopped).rejects.toThrow('killed');
  expect(existsSync(join(out, 'work', 'tiles', '000000'))).toBe(true);
  await replace('a');
  await runInProcess(request(cases, config, out, { resume: true }), (step, run) => run(step));
  expect(resultFiles(out)).toEqual(await fresh());
});

test('a file that is replaced while it is scored fails its case, and --resume scores it', async () => {
  const out = newFolder();
  let replaced = false;
  await runInProcess(request(cases, config, out), async (step, run) => {
    const done = run(step);
    if (step.kind === 'score-bundle' && step.case === 2 && step.bundle === 1 && !replaced) {
      replaced = true;
      await replace('c');
    }
    return done;
  });
  const results = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'));
  expect(results.cases[2]).toMatchObject({ status: 'failed', error: { code: 'file-replaced' } });
  await score(cases, config, out, { resume: true });
  expect(resultFiles(out)).toEqual(await fresh());
});

test('what writers left that died is swept by the next start; what another process may write stays', async () => {
  const out = newFolder();
  await score(cases, config, out);
  const { pid: dead } = spawnSync(process.execPath, ['-e', '']);
  const left = [dead, process.pid].flatMap((pid) =>
    ['cases/000001.json', 'staged/000001-0.raw', 'plans/000002.json'].map((name) =>
      join(out, 'work', `${name}.${pid}-0123abcd-7.tmp`),
    ),
  );
  const others = join(out, 'work', `cases/000001.json.${process.ppid}-0123abcd-7.tmp`);
  // Gone with the last inflated copy.
  mkdirSync(join(out, 'work', 'staged'));
  for (const path of [...left, others]) writeFileSync(path, 'torn');
  await score(cases, config, out, { resume: true });
  for (const path of left) expect(existsSync(path), path).toBe(false);
  expect(existsSync(others)).toBe(true);
});
