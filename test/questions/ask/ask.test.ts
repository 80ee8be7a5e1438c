import { copyFileSync, existsSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { ManifestCase } from '../../../src/cases/types.ts';
import { ask } from '../../../src/questions/ask/ask.ts';
import { openFinishedRun } from '../../../src/questions/ask/finished-run.ts';
import type { Question } from '../../../src/questions/ask/question.ts';
import { NnunetSummary } from '../../../src/results/nnunet-summary.ts';
import { localStore } from '../../../src/run/open-store.ts';
import { putRecord } from '../../../src/run/records.ts';
import { writeResultFiles } from '../../../src/run/write-results.ts';
import type { ConfigInput } from '../../../src/settings/schema.ts';
import { logit, probability, writeCase } from '../../support/made-up-cases.ts';
import { resultFiles, score } from '../../support/score.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const path = temporaryFolder();

interface Setting {
  readonly name: string;
  readonly config: ConfigInput;
  readonly madeUp: Omit<Parameters<typeof writeCase>[0], 'folder' | 'id' | 'seed'>;
}

const competing = { channels: 3, labels: 3 } as const;
const settings: readonly Setting[] = [
  { name: 'probabilities', config: { scores: 'probability' }, madeUp: { score: probability } },
  { name: 'logits', config: { scores: 'logit' }, madeUp: { score: logit } },
  {
    name: 'competing probabilities',
    config: { scores: 'probability' },
    madeUp: { ...competing, score: (random) => random() ** 4 + 1e-4, normalise: true },
  },
  {
    name: 'competing logits with an ignored label and regions',
    config: {
      scores: 'logit',
      channels: 'exclusive',
      ignoreLabel: 2,
      classes: { back: [0], fore: [1], both: [0, 1] },
    },
    madeUp: { ...competing, score: logit },
  },
  {
    name: 'independent logits',
    config: { scores: 'logit', channels: 'independent', classes: { WT: [1, 2], TC: [2], ET: [1] } },
    madeUp: { ...competing, score: logit },
  },
];

const cases = new Map<string, ManifestCase[]>();
const folderOf = (name: string) => path(name.replaceAll(' ', '-'));

beforeAll(async () => {
  for (const [rank, { name, madeUp, config }] of settings.entries()) {
    const folder = folderOf(name);
    const made: ManifestCase[] = [];
    for (const [index, id] of ['a', 'b', 'c'].entries()) {
      made.push(
        await writeCase({
          ...madeUp,
          folder,
          id,
          seed: 10 * rank + index,
          shape: [5 + index, 6, 7],
          group: 'site',
        }),
      );
    }
    // One case fails: its prediction is cut off.
    const broken = await writeCase({ ...madeUp, folder, id: 'broken', seed: 99 });
    truncateSync(broken.predictions[0]!, 400);
    made.splice(1, 0, broken);
    cases.set(name, made);
    await score(made, { ...config, losses: 'dice,bce', keepShards: 'always' }, `${folder}/run`);
  }
});

let serial = 0;

/** Bytes of the result files of `ask` and of a fresh run under the same question. */
async function answers({ name, config }: Setting, question: Question) {
  const [asked, fresh] = [`asked-${serial}`, `fresh-${serial++}`].map(
    (label) => `${folderOf(name)}/${label}`,
  );
  const run = openFinishedRun(`${folderOf(name)}/run`);
  const { outcome, results, shardsRead } = await ask(run, question, { threads: 2 });
  mkdirSync(asked!, { recursive: true });
  writeResultFiles(localStore(asked!), NnunetSummary.of(outcome), results);
  await score(cases.get(name)!, { ...config, ...question } as ConfigInput, fresh!);
  return { asked: resultFiles(asked!), fresh: resultFiles(fresh!), shardsRead };
}

describe.each(settings)('$name', (setting) => {
  const questions: readonly Question[] = [
    { losses: 'tversky(alpha=0.3,beta=0.7),focal-tversky(gamma=0.75)', threshold: 0.35 },
    { losses: 'all', convention: 'keras', fbeta: 2 },
    { losses: 'focal:voxel(gamma=1.5,clip=0.001),focal:lin(gamma=3),combo(alpha=0.3)', threshold: 0.875 },
    { losses: 'lovasz-softmax,dice', threshold: 0 },
  ];
  test.each(questions)('$losses at $threshold, $convention, is what a fresh run gives', async (question) => {
    const { asked, fresh } = await answers(setting, question);
    expect(asked).toEqual(fresh);
  });

  test('what was tallied needs no shards', async () => {
    const { asked, fresh, shardsRead } = await answers(setting, { losses: 'bce,dice(smooth=3),bce-dice' });
    expect(shardsRead).toBe(false);
    expect(asked).toEqual(fresh);
  });

  test('no question at all gives the run itself', async () => {
    const run = openFinishedRun(`${folderOf(setting.name)}/run`);
    const { outcome, results } = await ask(run, {});
    const again = `${folderOf(setting.name)}/again`;
    mkdirSync(again, { recursive: true });
    writeResultFiles(localStore(again), NnunetSummary.of(outcome), results);
    expect(resultFiles(again)).toEqual(resultFiles(run.outDir));
  });
});

test('any parameters and threshold of logits are answered as by a fresh run', async () => {
  const losses = fc
    .record({
      gamma: fc.double({ min: 0, max: 8, noNaN: true }),
      clip: fc.double({ min: 0, max: 0.4, noNaN: true }),
    })
    .map(({ gamma, clip }) => `focal:lin(gamma=${gamma},clip=${clip}),bce(clip=${clip})`);
  const threshold = fc.double({ min: 0, max: 0.999, noNaN: true });
  await fc.assert(
    fc.asyncProperty(losses, threshold, async (losses, threshold) => {
      const { asked, fresh } = await answers(settings[1]!, { losses, threshold });
      expect(asked).toEqual(fresh);
    }),
    { numRuns: 8, seed: 4 },
  );
});

test('a single case is its own pool', async () => {
  const [first] = cases.get('probabilities')!;
  await score([first!], { scores: 'probability', losses: 'lovasz-softmax' }, path('one'));
  await score([first!], { scores: 'probability', losses: 'all', threshold: 0.2 }, path('one-fresh'));
  const { outcome, results } = await ask(openFinishedRun(path('one')), { losses: 'all', threshold: 0.2 });
  mkdirSync(path('one-asked'));
  writeResultFiles(localStore(path('one-asked')), NnunetSummary.of(outcome), results);
  expect(resultFiles(path('one-asked'))).toEqual(resultFiles(path('one-fresh')));
});

describe('what cannot be answered', () => {
  const bare = path('bare');
  beforeAll(() => score(cases.get('probabilities')!, { scores: 'probability', losses: 'dice' }, bare));

  test.each<[Question, RegExp]>([
    [{ losses: 'bce' }, /terms were not tallied.*case a.*--keep-shards always/],
    [{ threshold: 0.4 }, /another threshold needs the stored shards.*--keep-shards always/],
    [{ losses: 'lovasz-softmax' }, /lovasz-softmax needs the stored shards.*--keep-shards always/],
    [{ losses: 'lovasz-hinge' }, /made of logits/],
    [{ losses: 'nonsense' }, /names no loss/],
    [{ threshold: 1 }, /threshold/],
  ])('%o', async (question, message) => {
    await expect(ask(openFinishedRun(bare), question)).rejects.toThrow(message);
  });

  test('other parameters of soft sums need no shards', async () => {
    const { results } = await ask(openFinishedRun(bare), { losses: 'tversky(alpha=0.3,beta=0.7)' });
    expect(results.pooled!.classes.foreground!.losses).toHaveProperty('tversky(alpha=0.3,beta=0.7)');
  });

  test('cross-entropy of a channel that no class names', async () => {
    const setting = settings[2]!;
    const config = { ...setting.config, classes: { one: [1] }, unknownLabels: 'background' } as const;
    await score(
      cases.get(setting.name)!,
      { ...config, losses: 'dice', keepShards: 'always' },
      path('partial'),
    );
    await expect(
      ask(openFinishedRun(path('partial')), { losses: 'cross-entropy', convention: 'keras' }),
    ).rejects.toThrow(/label 0 alone/);
  });

  test('a folder without a run, and a run that is not over', async () => {
    expect(() => openFinishedRun(path('nowhere'))).toThrow(/holds no run/);
    const outcome = `${bare}/work/cases/000000.json`;
    expect(existsSync(outcome)).toBe(true);
    rmSync(outcome);
    expect(() => openFinishedRun(bare)).toThrow(/case a has no outcome.*--resume/);
    writeFileSync(outcome, '{');
    expect(() => openFinishedRun(bare)).toThrow(/not over/);
    const ofTomorrow = { version: 999, schema: z.unknown() };
    putRecord(localStore(`${bare}/work`), 'cases/000000.json', ofTomorrow, {});
    expect(() => openFinishedRun(bare)).toThrow(/another version of voxtally.*into another --out$/);
  });

  test('shards of other voxels than the tally has', async () => {
    await score(cases.get('probabilities')!, { scores: 'probability', keepShards: 'always' }, path('mixed'));
    copyFileSync(path('mixed', 'work/shards/000002-0.shard'), path('mixed', 'work/shards/000000-0.shard'));
    await expect(ask(openFinishedRun(path('mixed')), { threshold: 0.1 })).rejects.toThrow(
      /000000-0\.shard is of other settings, files or tiles/,
    );
  });
});
