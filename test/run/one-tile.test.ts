/** A case of one tile is scored in one step and stores no tile: its results, shards and faults are those of any cut. */
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import type { ManifestCase } from '../../src/cases/types.ts';
import type { ConfigInput } from '../../src/settings/schema.ts';
import type { Step } from '../../src/threads/steps.ts';
import { golden } from '../support/golden.ts';
import { pair, request, resultFiles } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type Deliver, runInProcess } from './in-process.ts';
import { writePair } from './volumes.ts';

const folder = temporaryFolder();
const shape = [12, 11, 10] as const;
const names = ['raw', 'gzip', 'raw again'];
const cases: ManifestCase[] = names.map((name) =>
  pair(name, folder(`${name}.nii`), folder(`${name}-ref.nii`)),
);
const measures = ['overlap', 'boundary', 'lesions'] as const;
const config: ConfigInput = { scores: 'probability', keepShards: 'always', measures: [...measures] };

async function run(
  name: string,
  more: ConfigInput,
  of: readonly ManifestCase[] = cases,
  deliver: Deliver = (step, done) => done(step),
  resume = false,
) {
  mkdirSync(folder(name), { recursive: true });
  const steps: string[] = [];
  const counting: Deliver = (step, done) => {
    steps.push(step.kind);
    return deliver(step, done);
  };
  await runInProcess(request(of, { ...config, ...more }, folder(name), { resume }), counting);
  return steps;
}

/** Merged shards of the cases, byte by byte. */
function shardsOf(name: string): Record<string, string> {
  const list = readdirSync(folder(name, 'work/shards')).sort();
  return Object.fromEntries(
    list.map((file) => [file, readFileSync(folder(name, 'work/shards', file)).toString('base64')]),
  );
}

beforeAll(async () => {
  for (const [seed, name] of names.entries()) {
    const options = { shape, seed: seed + 1, gzip: name === 'gzip' };
    await writePair(folder(`${name}.nii`), folder(`${name}-ref.nii`), options);
  }
  expect(await run('tiles', { tile: { shape: [12, 11, 3] } })).not.toContain('score-case');
});

test('one step scores it, and what it leaves is the same', async () => {
  const steps = await run('whole', {});
  expect(steps.filter((kind) => kind === 'score-case')).toHaveLength(cases.length);
  expect(steps).not.toContain('score-bundle');
  expect(steps).not.toContain('open-case');
  expect(resultFiles(folder('whole'))).toEqual(resultFiles(folder('tiles')));
  expect(shardsOf('whole')).toEqual(shardsOf('tiles'));
});

test('the same of competing channels, staged from gzip', async () => {
  const several = [pair('channels', golden('softmax4.nii.gz'), golden('softmax4_ref.nii'))];
  const channels: ConfigInput = { scores: 'probability', ignoreLabel: 255, measures: ['overlap'] };
  expect(await run('channel tiles', { ...channels, tile: { shape: [20, 20, 5] } }, several)).toContain(
    'open-case',
  );
  expect(await run('channels', channels, several)).toContain('score-case');
  expect(resultFiles(folder('channels'))).toEqual(resultFiles(folder('channel tiles')));
  expect(Object.keys(shardsOf('channels')).length).toBeGreaterThan(2);
  expect(shardsOf('channels')).toEqual(shardsOf('channel tiles'));
  expect(readdirSync(folder('channels', 'work'))).not.toContain('tiles');
});

test.each(['before', 'after'] as const)(
  'the run dies %s a step, any of them, and is resumed',
  async (when) => {
    for (let death = 0; death < cases.length; death++) {
      const name = `dies ${when} ${death}`;
      let count = 0;
      const dying: Deliver = (step, done) => {
        const isDeath = step.kind === 'score-case' && count++ >= death;
        if (isDeath && when === 'before') throw new Error('killed');
        const answer = done(step);
        if (isDeath) throw new Error('killed');
        return answer;
      };
      await expect(run(name, {}, cases, dying)).rejects.toThrow();
      await run(name, {}, cases, undefined, true);
      expect(resultFiles(folder(name))).toEqual(resultFiles(folder('tiles')));
      expect(shardsOf(name)).toEqual(shardsOf('tiles'));
    }
  },
);

test('a file that is replaced meanwhile costs its case, and leaves no shard of it', async () => {
  const [file] = cases[0]!.predictions;
  let isFirst = true;
  const replacing: Deliver = (step: Step, done) => {
    const answer = done(step);
    if (step.kind === 'score-case' && step.plan.index === 0 && isFirst) {
      isFirst = false;
      expect(existsSync(folder('replaced', 'work/shards/000000-0.shard'))).toBe(true);
      utimesSync(file!, new Date(), new Date(Date.now() + 5000));
    }
    return answer;
  };
  await run('replaced', {}, cases, replacing);
  const { cases: found } = JSON.parse(resultFiles(folder('replaced'))['results.json']!);
  expect(found[0].error.code).toBe('file-replaced');
  expect(found[1].status).toBe('ok');
  expect(Object.keys(shardsOf('replaced'))).toEqual(['000001-0.shard', '000002-0.shard']);
});

test('gzip files that are not what their headers say are read as streams, which tell what is wrong', async () => {
  const whole = gunzipSync(readFileSync(folder('gzip.nii')));
  const packed = gzipSync(whole);
  const files: Record<string, Buffer> = {
    members: Buffer.concat([gzipSync(whole.subarray(0, 2000)), gzipSync(whole.subarray(2000))]),
    longer: gzipSync(Buffer.concat([whole, Buffer.alloc(5000)])),
    'cut off': packed.subarray(0, packed.length - 9),
    'cut within': packed.subarray(0, 2000),
    shorter: gzipSync(whole.subarray(0, whole.length - 4)),
    checksum: Buffer.concat([packed.subarray(0, -8), Buffer.alloc(4), packed.subarray(-4)]),
    'not deflate': Buffer.concat([packed.subarray(0, 1500), Buffer.alloc(500, 0xff), packed.subarray(2000)]),
  };
  const damaged = Object.entries(files).map(([name, bytes]) => {
    writeFileSync(folder(`${name}.nii`), bytes);
    return pair(name, folder(`${name}.nii`), folder('gzip-ref.nii'));
  });
  await run('damaged tiles', { tile: { shape: [12, 11, 3] } }, damaged);
  const buffers: Record<string, number> = {};
  await run('damaged', {}, damaged, (step, done) => {
    if (step.kind === 'score-case' && step.bytes)
      buffers[damaged[step.plan.index]!.id] = step.bytes.byteLength;
    return done(step);
  });
  expect(resultFiles(folder('damaged'))).toEqual(resultFiles(folder('damaged tiles')));
  const { cases: scored } = JSON.parse(readFileSync(folder('damaged', 'results.json'), 'utf8'));
  expect(scored.filter(({ status }: { status: string }) => status === 'ok')).toHaveLength(2);
  // All voxels of the second are there; its checksum is not.
  expect(Object.keys(buffers)).toEqual(['longer', 'cut off']);
  expect(shardsOf('damaged')).toEqual(shardsOf('damaged tiles'));
  expect(Object.keys(shardsOf('damaged'))).toEqual(['000000-0.shard', '000001-0.shard']);
});
