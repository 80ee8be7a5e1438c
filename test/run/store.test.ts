/** What every kind of store must hold, and a run whose store is not a folder. */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type OpenStore, openStore } from '../../src/run/open-store.ts';
import { readText } from '../../src/run/records.ts';
import { memoryStores } from '../support/memory-store.ts';
import { pair, request, resultFiles } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { runInProcess } from './in-process.ts';
import { writePair } from './volumes.ts';

const folder = temporaryFolder();

const kinds: readonly (readonly [name: string, open: OpenStore])[] = [
  ['a folder', openStore],
  ['memory', memoryStores()],
];

test.each(kinds)(
  '%s: what is put is there as a whole, by its name, until it is replaced or removed',
  (kind, open) => {
    const store = open({ kind: 'local', root: folder(`store-${kind}`), fence: null });
    const text = (name: string) => readText(store, name);
    expect([store.has('a/x'), store.size('a/x'), store.open('a/x'), store.list('a')]).toEqual([
      ...[false, undefined, undefined, []],
    ]);
    // Pieces may lie in memory that the next one uses.
    const memory = new Uint8Array(3);
    function* pieces() {
      for (const byte of [65, 66]) yield memory.fill(byte);
    }
    expect(store.put('a/x', pieces())).toBe(6);
    expect(text('a/x')).toBe('AAABBB');
    expect(() =>
      store.put(
        'a/x',
        (function* () {
          yield memory;
          throw new Error('died');
        })(),
      ),
    ).toThrow('died');
    expect(text('a/x')).toBe('AAABBB');
    const part = new Uint8Array(4);
    const source = store.open('a/x')!;
    expect([source.byteLength, source.read(4, part), [...part.subarray(0, 2)]]).toEqual([6, 2, [66, 66]]);
    source.close();

    store.put('a/b/y', [memory]);
    store.put('z', []);
    expect([store.list('a'), store.list(''), store.size('z')]).toEqual([['b', 'x'], ['a', 'z'], 0]);
    expect(store.has('a')).toBe(false);
    const below = store.below('a');
    expect(below.has('b/y')).toBe(true);
    below.take('copy', store, 'a/x');
    store.put('a/x', [memory.fill(67)]);
    expect([text('a/x'), text('a/copy')]).toEqual(['CCC', 'AAABBB']);

    const aside = store.setAside('a/x');
    expect([store.has('a/x'), text(aside)]).toEqual([false, 'CCC']);
    store.remove('a/copy');
    store.remove('a/copy');
    store.clear('a');
    store.clear('a');
    expect([store.list('a'), store.has('z')]).toEqual([[], true]);
    store.sweep(true);
    store.clear('');
    expect(store.list('')).toEqual([]);
  },
);

test('a run whose store is not a folder writes the same results, and nothing beside its store', async () => {
  const cases = [
    pair('raw', folder('raw.nii'), folder('raw-ref.nii')),
    pair('gzip', folder('gzip.nii.gz'), folder('gzip-ref.nii.gz')),
    pair('missing', folder('none.nii'), folder('raw-ref.nii')),
  ];
  for (const [seed, entry] of cases.slice(0, 2).entries()) {
    await writePair(entry.predictions[0]!, entry.reference, { shape: [6, 5, 8], seed: seed + 1 });
  }
  const config = {
    scores: 'probability',
    measures: ['overlap', 'boundary', 'lesions'],
    tile: { shape: [6, 5, 2], bundle: 1 },
    mergeFanIn: 2,
    keepShards: 'always',
  } as const;
  const run = async (name: string, open: OpenStore, resume = false) => {
    mkdirSync(folder(name), { recursive: true });
    await runInProcess(request(cases, config, folder(name), { resume }), (step, run) => run(step), open);
  };
  await run('in-folder', openStore);

  const open = memoryStores();
  await run('in-memory', open);
  expect(readdirSync(folder('in-memory'))).toEqual(['.owner']);
  const store = open({ kind: 'local', root: folder('in-memory'), fence: null });
  const written = Object.keys(resultFiles(folder('in-folder')));
  for (const name of [...written, 'lesions.csv']) {
    expect(readText(store, name), name).toBe(
      readText(openStore({ kind: 'local', root: folder('in-folder'), fence: null }), name),
    );
  }
  expect(store.list('work')).toEqual(readdirSync(join(folder('in-folder'), 'work')).sort());
  // It goes on from there: without the volumes nothing could be scored again.
  for (const { predictions } of cases.slice(0, 2)) rmSync(predictions[0]!);
  await run('in-memory', open, true);
  expect(existsSync(folder('in-memory', 'work'))).toBe(false);
  expect(readText(store, 'cases.csv')).toBe(
    readText(openStore({ kind: 'local', root: folder('in-folder'), fence: null }), 'cases.csv'),
  );
});
