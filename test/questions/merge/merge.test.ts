import { existsSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ManifestCase } from '../../../src/cases/types.ts';
import { ask } from '../../../src/questions/ask/ask.ts';
import { openFinishedRun } from '../../../src/questions/ask/finished-run.ts';
import { curves } from '../../../src/questions/curves/curves.ts';
import { mergeRuns } from '../../../src/questions/merge/merge.ts';
import type { ConfigInput } from '../../../src/settings/schema.ts';
import { logit, probability, writeCase } from '../../support/made-up-cases.ts';
import { resultFiles, score } from '../../support/score.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const path = temporaryFolder();
const open = (...names: string[]) => names.map((name) => openFinishedRun(path(name)));
let serial = 0;

async function makeCases(kind: 'probability' | 'logit', ids: readonly string[]): Promise<ManifestCase[]> {
  const cases = await Promise.all(
    ids.map((id, index) =>
      writeCase({
        folder: path(kind),
        id,
        seed: index + 1,
        score: kind === 'logit' ? logit : probability,
        shape: [6 + index, 5, 4],
        spacingMm: [1, 1, 1 + index / 3],
        group: index % 2 ? 'north' : 'south',
      }),
    ),
  );
  return cases;
}

async function broken(id: string): Promise<ManifestCase> {
  const entry = await writeCase({ folder: path('broken'), id, seed: 9, score: probability });
  truncateSync(entry.predictions[0]!, 400);
  return entry;
}

const config: ConfigInput = { scores: 'probability', losses: 'all', keepShards: 'always' };
let cases: ManifestCase[];

beforeAll(async () => {
  cases = [...(await makeCases('probability', ['a', 'b', 'c', 'd', 'e'])), await broken('f')];
  await score(cases.slice(0, 2), { ...config, tile: { voxels: 50 } }, path('site-a'));
  await score(cases.slice(2), { ...config, mergeFanIn: 2 }, path('site-b'));
  await score(cases, config, path('one'));
});

test('two sites give the bytes of one run over all cases', async () => {
  const { results, hasShards } = await mergeRuns({
    runs: open('site-a', 'site-b'),
    outDir: path('both'),
    threads: 2,
  });
  expect(results.cases).toHaveLength(6);
  expect(hasShards).toBe(true);
  expect(resultFiles(path('both'))).toEqual(resultFiles(path('one')));
});

test('the order is that of the runs', async () => {
  await mergeRuns({ runs: open('site-b', 'site-a'), outDir: path('reversed'), threads: 2 });
  await score([...cases.slice(2), ...cases.slice(0, 2)], config, path('one-reversed'));
  expect(resultFiles(path('reversed'))).toEqual(resultFiles(path('one-reversed')));
});

test('a merged run is asked, drawn and merged again like any other', async () => {
  await score(cases.slice(0, 1), config, path('first'));
  await score(cases.slice(1, 3), config, path('second'));
  await score(cases.slice(3), config, path('third'));
  await mergeRuns({ runs: open('first', 'second'), outDir: path('half'), threads: 2 });
  await mergeRuns({ runs: open('half', 'third'), outDir: path('whole'), threads: 2 });
  expect(resultFiles(path('whole'))).toEqual(resultFiles(path('one')));
  const question = { losses: 'focal:lin(gamma=1.5),lovasz-softmax', threshold: 0.3 };
  const answers = await Promise.all(open('whole', 'one').map((run) => ask(run, question, { threads: 1 })));
  expect(answers[0]!.results).toEqual(answers[1]!.results);
  const drawn = await Promise.all(
    open('whole', 'one').map((run) => curves(run, { classes: ['foreground'], threads: 1 })),
  );
  expect(drawn[0]).toEqual(drawn[1]);
});

test('cases are withdrawn', async () => {
  await mergeRuns({ runs: open('one'), outDir: path('fewer'), without: ['b', 'f'], threads: 2 });
  await score(
    cases.filter(({ id }) => id !== 'b' && id !== 'f'),
    config,
    path('one-fewer'),
  );
  expect(resultFiles(path('fewer'))).toEqual(resultFiles(path('one-fewer')));
  // The withdrawn case leaves nothing behind.
  expect(readdirSync(path('fewer', 'work', 'cases'))).toHaveLength(4);
});

test('logits, any split', async () => {
  const all = await makeCases('logit', ['p', 'q', 'r', 's']);
  const settings: ConfigInput = { scores: 'logit', losses: 'all' };
  await score(all, settings, path('logit-one'));
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3 }), async (at) => {
      const names = [0, 1, 2].map((part) => `logit-${serial}-${part}`);
      serial++;
      await score(all.slice(0, at), settings, path(names[0]!));
      await score(all.slice(at), settings, path(names[1]!));
      await mergeRuns({ runs: open(names[0]!, names[1]!), outDir: path(names[2]!), threads: 2 });
      expect(resultFiles(path(names[2]!))).toEqual(resultFiles(path('logit-one')));
    }),
    { numRuns: 3, seed: 3 },
  );
});

test('without sorted losses no shards are needed', async () => {
  const plain: ConfigInput = { scores: 'probability', losses: 'dice,bce' };
  await score(cases.slice(0, 2), plain, path('plain-a'));
  await score(cases.slice(2), plain, path('plain-b'));
  await score(cases, plain, path('plain-one'));
  const { hasShards } = await mergeRuns({ runs: open('plain-a', 'plain-b'), outDir: path('plain-both') });
  expect(hasShards).toBe(false);
  expect(resultFiles(path('plain-both'))).toEqual(resultFiles(path('plain-one')));
});

describe('refused', () => {
  const merge = (names: readonly string[], without: readonly string[] = [], outDir = 'refused') =>
    mergeRuns({ runs: open(...names), outDir: path(outDir), without, threads: 1 });

  test('a case that is in both, by name', async () => {
    await expect(merge(['site-a', 'one'])).rejects.toThrow(
      /several runs hold: a \(.*site-a and .*one\), b \(/,
    );
    await merge(['site-a', 'one'], ['a', 'b']);
  });

  test('other settings, by name and value', async () => {
    await score(cases.slice(2, 3), { ...config, threshold: 0.4, fbeta: 2 }, path('other'));
    await expect(merge(['site-a', 'other'])).rejects.toThrow(
      /threshold is 0.5 in .*site-a and 0.4 in .*other; fbeta is 1 in .* and 2 in/,
    );
  });

  test('a withdrawn case that is nowhere, and withdrawing all', async () => {
    await expect(merge(['site-a'], ['nobody'])).rejects.toThrow(/no run holds nobody/);
    await expect(merge(['site-a'], ['a', 'b'])).rejects.toThrow(/no case is left/);
  });

  test('its own input as the target', async () => {
    await expect(merge(['site-a', 'site-b'], [], 'site-a')).rejects.toThrow(/one of the runs/);
    expect(existsSync(path('site-a', 'work', 'settings.json'))).toBe(true);
  });

  test('sorted losses without shards', async () => {
    await score(cases.slice(2, 4), { ...config, keepShards: 'never' }, path('bare'));
    await expect(merge(['site-a', 'bare'])).rejects.toThrow(
      /pool of a sorted loss needs.*case c .*--keep-shards always/,
    );
    rmSync(path('bare'), { recursive: true });
  });
});
