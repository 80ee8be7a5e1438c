/** Fault injection: a run that dies at any step or write, or finds its files damaged, ends with the same bytes. */
import { createHash } from 'node:crypto';
import fs, {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { FileLayer } from '../../src/base/write-whole.ts';
import type { ManifestCase } from '../../src/cases/types.ts';
import { LocalStore } from '../../src/run/local-store.ts';
import type { OpenStore } from '../../src/run/open-store.ts';
import type { ConfigInput } from '../../src/settings/schema.ts';
import type { Step } from '../../src/threads/steps.ts';
import { pair, request, resultFiles } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type Deliver, runInProcess } from './in-process.ts';
import { randomNumbers, writePair } from './volumes.ts';

/** What happens to the write number `at` (0 based) of whole files, and to all that follow. */
type Fault = 'nothing written' | 'written' | 'torn';
const writes = { count: 0, at: Number.POSITIVE_INFINITY, fault: 'written' as Fault };

/** Each whole file is opened once as a new one and renamed once. */
const files: FileLayer = {
  ...fs,
  openSync: (path, flags, mode) => {
    const isLast = writes.count === writes.at;
    if (flags === 'wx' && writes.count >= writes.at && !(isLast && writes.fault !== 'nothing written')) {
      throw new Error('the power went off');
    }
    return fs.openSync(path, flags, mode);
  },
  renameSync: (from, to) => {
    fs.renameSync(from, to);
    if (!String(from).endsWith('.tmp') || writes.count++ !== writes.at) return;
    // A rename may survive a loss of power that the bytes do not survive.
    if (writes.fault === 'torn') truncateSync(to, Math.floor(fs.statSync(to).size / 2));
    throw new Error('the power went off');
  },
};
const openStore: OpenStore = ({ root, fence }) => new LocalStore(root, fence, files);

const folder = temporaryFolder();
const shape = [6, 5, 6] as const;
const names = ['a', 'b', 'nan', 'c'];
const cases: ManifestCase[] = names.map((name) =>
  pair(name, folder(`${name}.nii`), folder(`${name}-ref.nii`)),
);
const config: ConfigInput = {
  scores: 'probability',
  measures: ['overlap', 'boundary', 'lesions'],
  lesionPreset: 'brats-met',
  tile: { shape: [6, 5, 2], bundle: 1 },
  mergeFanIn: 2,
};
const straight: Deliver = (step, run) => run(step);

function runTo(name: string, resume: boolean, deliver: Deliver = straight): Promise<void> {
  mkdirSync(folder(name), { recursive: true });
  return runInProcess(request(cases, config, folder(name), { resume }), deliver, openStore);
}

let expected: ReturnType<typeof resultFiles>;
let writesOfRun: number;
let stepsOfRun = 0;
beforeAll(async () => {
  for (const [seed, name] of names.entries()) {
    await writePair(folder(`${name}.nii`), folder(`${name}-ref.nii`), {
      shape,
      seed: seed + 1,
      // The case in the middle is read as a stream.
      gzip: name === 'b',
      edit: (scores) => {
        if (name === 'nan') scores[77] = Number.NaN;
      },
    });
  }
  writes.count = 0;
  await runTo('straight', false, (step, run) => {
    stepsOfRun++;
    return run(step);
  });
  writesOfRun = writes.count;
  expected = resultFiles(folder('straight'));
});

/** What deaths have left behind, as far as a resume was tried from there. */
const resumedFrom = new Set<string>();

test.each(['nothing written', 'written', 'torn'] as const)('death at every write: %s', async (fault) => {
  const name = `write-${fault}`;
  expect(writesOfRun).toBeGreaterThan(25);
  for (let at = 0; at < writesOfRun; at++) {
    Object.assign(writes, { count: 0, at, fault });
    rmSync(folder(name), { recursive: true, force: true });
    await expect(runTo(name, false), `write ${at}`).rejects.toThrow('the power went off');
    Object.assign(writes, { count: 0, at: Number.POSITIVE_INFINITY });
    // Most often nothing changes between a write and the next one.
    const left = digest(folder(name));
    if (resumedFrom.has(left)) continue;
    resumedFrom.add(left);
    await runTo(name, true);
    expect(resultFiles(folder(name)), `write ${at}`).toEqual(expected);
  }
});

test('death at every step, and again at the next one after each resume', async () => {
  for (let at = 0; at < stepsOfRun; at++) {
    rmSync(folder('step'), { recursive: true, force: true });
    for (let start = 0; start < 2; start++) {
      let steps = 0;
      const dying = runTo('step', start > 0, (step, run) => {
        if (steps++ >= at) throw new Error('killed');
        return run(step);
      });
      if (start === 0) await expect(dying, `step ${at}`).rejects.toThrow('killed');
      else await dying.catch((error) => expect(error.message).toBe('killed'));
    }
    await runTo('step', true);
    expect(resultFiles(folder('step')), `step ${at}`).toEqual(expected);
  }
});

test.each([1, 2, 3, 4, 5])('steps doubled and out of order (%i)', async (seed) => {
  const random = randomNumbers(seed);
  const again: Step[] = [];
  await runTo(`shuffled-${seed}`, false, async (step, run) => {
    await new Promise((resolve) => setTimeout(resolve, 8 * random()));
    const late = again.pop();
    // A tile that is delivered late, when its case may have been reduced, or while others are at work.
    if (late && random() < 0.3) run(late);
    if (step.kind === 'score-bundle') again.push(step);
    // The bytes of a stream's tile are lent for the time of the step.
    if (random() < 0.5) run(step);
    return run(step);
  });
  expect(resultFiles(folder(`shuffled-${seed}`))).toEqual(expected);
});

/** Many more tiles than a partial may be made again. */
const fine: ConfigInput = { ...config, tile: { shape: [6, 1, 1], bundle: 1 } };

/** A run that stopped before any case was reduced: all tiles are there. */
async function stopBeforeReduction(name: string, cut: ConfigInput = fine): Promise<string[]> {
  rmSync(folder(name), { recursive: true, force: true });
  mkdirSync(folder(name));
  const stopped = runInProcess(request(cases, cut, folder(name)), (step, run) => {
    if (step.kind === 'open-case') throw new Error('killed');
    return run(step);
  });
  await expect(stopped).rejects.toThrow('killed');
  return everyFile(join(folder(name), 'work'));
}

function everyFile(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Of all files below a folder, but for who owned it. */
function digest(root: string): string {
  const hash = createHash('sha256');
  for (const path of everyFile(root).sort()) {
    if (!path.includes('.owner')) hash.update(path.slice(root.length)).update(readFileSync(path));
  }
  return hash.digest('hex');
}

const damages: Record<string, (path: string) => void> = {
  removed: (path) => rmSync(path),
  emptied: (path) => truncateSync(path, 0),
  'cut short': (path) => truncateSync(path, readFileSync(path).length - 1),
  'one byte changed': (path) => {
    const bytes = readFileSync(path);
    bytes[Math.floor(bytes.length * 0.7)]! ^= 0x10;
    writeFileSync(path, bytes);
  },
};

test.each(Object.entries(damages))('all tiles and plans %s between two starts', async (_name, damage) => {
  const files = (await stopBeforeReduction('damaged')).filter((path) => /tiles|plans/.test(path));
  expect(files.filter((path) => path.endsWith('.shard')).length).toBeGreaterThanOrEqual(40);
  for (const path of files) damage(path);
  await runInProcess(request(cases, fine, folder('damaged'), { resume: true }), straight);
  expect(resultFiles(folder('damaged'))).toEqual(expected);
});

test.each(Object.entries(damages))('shards and outcomes of finished cases %s', async (_name, damage) => {
  rmSync(folder('finished'), { recursive: true, force: true });
  await runTo('finished', false);
  for (const path of everyFile(join(folder('finished'), 'work'))) {
    if (/shards|cases\//.test(path)) damage(path);
  }
  rmSync(join(folder('finished'), 'work', 'pool.json'));
  await runTo('finished', true);
  expect(resultFiles(folder('finished'))).toEqual(expected);
});

test.each(Object.entries(damages))(
  'an outcome %s before the results are made of it',
  async (name, damage) => {
    const out = folder(`late-${name.replaceAll(' ', '-')}`);
    let damaged = 0;
    await runInProcess(request(cases, config, out), (step, run) => {
      // The pool of all cases, when the last of them is scored.
      if (step.kind === 'merge-range' && step.evaluate && damaged++ === 0) {
        damage(join(out, 'work', 'cases', '000001.json'));
      }
      return run(step);
    });
    expect(damaged).toBeGreaterThan(0);
    expect(resultFiles(out)).toEqual(expected);
  },
);

const changes: Record<string, (path: string) => Promise<void> | void> = {
  gone: (path) => rmSync(path),
  replaced: (path) => writePair(path, folder('unused-ref.nii'), { shape, seed: 99 }),
};

test.each(Object.entries(changes))(
  'the pool leaves out what it had of a case that is scored again and whose prediction is %s by then',
  async (name, change) => {
    const changing = folder(`changing-${name}.nii`);
    cpSync(folder('c.nii'), changing);
    const all = [...cases.slice(0, 3), pair('c', changing, folder('c-ref.nii'))];
    const out = folder(`changing-${name}`);
    let changed = 0;
    const waits: (Promise<void> | void)[] = [];
    await runInProcess(request(all, config, out), (step, run) => {
      if (step.kind === 'merge-range' && step.evaluate && changed++ === 0) {
        rmSync(join(out, 'work', 'cases', '000003.json'));
        waits.push(change(changing));
        return Promise.all(waits).then(() => run(step));
      }
      return run(step);
    });
    expect(changed).toBeGreaterThan(0);
    const fresh = folder(`changed-${name}`);
    await runInProcess(request(all, config, fresh), straight);
    expect(resultFiles(out)).toEqual(resultFiles(fresh));
  },
);

test.each([...Object.entries(damages), ['without its last tile', dropLastTile] as const])(
  'files of many tiles %s between two starts',
  async (_name, damage) => {
    const cut = { ...config, tile: { shape: [6, 1, 1], bundle: 70 } } as const;
    const files = (await stopBeforeReduction('bundles', cut)).filter((path) => path.includes('tiles'));
    expect(files.length).toBeGreaterThanOrEqual(9);
    for (const path of files) damage(path);
    await runInProcess(request(cases, cut, folder('bundles'), { resume: true }), straight);
    expect(resultFiles(folder('bundles'))).toEqual(expected);
  },
);

/** What is left is a whole file, of fewer tiles. */
function dropLastTile(path: string): void {
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, bytes.lastIndexOf('VOXSHARD')));
}

test('a resume may cut its tiles otherwise', async () => {
  await stopBeforeReduction('recut');
  const recut = request(cases, { ...config, tile: { shape: [2, 2, 2], bundle: 30 } }, folder('recut'), {
    resume: true,
  });
  await runInProcess(recut, straight);
  expect(resultFiles(folder('recut'))).toEqual(expected);
});

test('a resume of a finished run, with and without its shards, writes the same', async () => {
  for (const keepShards of ['always', 'never'] as const) {
    const out = folder(`again-${keepShards}`);
    mkdirSync(out);
    for (const resume of [false, true, true]) {
      await runInProcess(request(cases, { ...config, keepShards }, out, { resume }), straight);
      expect(resultFiles(out)).toEqual(expected);
    }
  }
});
