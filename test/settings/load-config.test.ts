import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/base/errors.ts';
import { loadConfig } from '../../src/settings/load-config.ts';
import { defaultConfig } from '../../src/settings/schema.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder()();

function fileWith(text: string, name = 'my.yaml'): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

function refusal(options: Parameters<typeof loadConfig>[0]): string {
  try {
    loadConfig(options);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  throw new Error('the settings were accepted');
}

describe('layers', () => {
  test('nothing given is the defaults', () => {
    expect(loadConfig()).toEqual(defaultConfig());
  });

  test('a file overrides defaults, flags override the file', () => {
    const file = fileWith('convention: keras\nthreshold: 0.25\nthreads: 4\n');
    expect(loadConfig({ file, flags: { threads: '2' } })).toEqual({
      ...defaultConfig(),
      convention: 'keras',
      threshold: 0.25,
      threads: 2,
    });
  });

  test('groups are overridden setting by setting, classes as a whole', () => {
    const file = fileWith('tile: {voxels: 4096}\nclasses: {a: 1, b: [2]}\nredis: {prefix: night}\n');
    const config = loadConfig({ file, flags: { tile: { shape: '8,8,2' }, classes: 'c=3' } });
    expect(config.tile).toMatchObject({ shape: [8, 8, 2], voxels: 4096 });
    expect(config.classes).toEqual({ c: [3] });
    expect(config.redis).toMatchObject({ url: 'redis://127.0.0.1:6379', prefix: 'night' });
  });

  test('a flag that was not given overrides nothing', () => {
    const file = fileWith('losses: [dice, bce]\ntile: {shape: [4, 4, 4]}\n');
    const config = loadConfig({ file, flags: { losses: undefined, tile: { shape: undefined } } });
    expect(config.losses).toBe('dice,bce');
    expect(config.tile.shape).toEqual([4, 4, 4]);
  });

  test('a flag can take back what a file sets', () => {
    const file = fileWith('classes: {a: [1]}\nignoreLabel: 255\ntile: {shape: [4, 4, 4]}\n');
    const config = loadConfig({
      file,
      flags: { classes: 'auto', ignoreLabel: 'none', tile: { shape: 'auto' } },
    });
    expect([config.classes, config.ignoreLabel, config.tile.shape]).toEqual([null, null, null]);
  });

  test('JSON with tabs, a byte order mark and an empty file are read', () => {
    expect(
      loadConfig({ file: fileWith('{\n\t"memory": "512MB",\n\t"fbeta": 2\n}', 'a.json') }),
    ).toMatchObject({
      memory: 512e6,
      fbeta: 2,
    });
    expect(loadConfig({ file: fileWith('\uFEFFscores: logit\r\n') }).scores).toBe('logit');
    expect(loadConfig({ file: fileWith('# nothing yet\n') })).toEqual(defaultConfig());
  });
});

test.each([
  ['2GiB', 2 ** 31],
  ['1.5 MiB', 1.5 * 2 ** 20],
  ['3gb', 3e9],
  ['2000 kB', 2e6],
  ['1048576B', 2 ** 20],
  [2 ** 22, 2 ** 22],
])('memory %s is %d bytes', (memory, bytes) => {
  expect(loadConfig({ flags: { memory } }).memory).toBe(bytes);
});

test.each<[string, unknown, Record<string, number[]>]>([
  ['WT=1,2,3;TC=2,3', undefined, { WT: [1, 2, 3], TC: [2, 3] }],
  [' liver = 5 ; ', undefined, { liver: [5] }],
  ['negative=-1', undefined, { negative: [-1] }],
])('classes %s', (classes, _, expected) => {
  expect(loadConfig({ flags: { classes } }).classes).toEqual(expected);
});

describe('one mistake', () => {
  test.each<[unknown, string]>([
    [{ scores: 'prob' }, 'scores (flag): given "prob"; allowed: auto, probability, logit, label'],
    [
      { classes: 'A=9007199254740993' },
      'classes.A[0] (flag): given 9007199254740992 (labels above 9007199254740991 cannot be named, ',
    ],
    [{ ignoreLabel: '18446744073709551615' }, 'since numbers of a configuration are exact to there only'],
    [{ ignoreLabel: '1.5' }, 'ignoreLabel (flag): given 1.5; allowed: null (none), or an integer label'],
    [{ clamp: 'yes' }, 'clamp (flag): given "yes"; allowed: true, false'],
    [{ threads: 0 }, 'threads (flag): given 0; allowed: auto, or an integer from 1 to 256'],
    [{ threads: 'many' }, 'threads (flag): given "many"; allowed: auto, or an integer from 1 to 256'],
    [{ threshold: 1 }, 'threshold (flag): given 1; allowed: a probability from 0 to below 1'],
    [{ threshold: '' }, 'threshold (flag): given ""; allowed: a probability'],
    [{ memory: '2 parsecs' }, 'memory (flag): given "2 parsecs"; allowed: a size from 1MiB'],
    [{ memory: '10kB' }, 'memory (flag): given 10000; allowed: a size from 1MiB'],
    [{ mergeFanIn: 1 }, 'mergeFanIn (flag): given 1; allowed: an integer from 2 to 256'],
    [{ stageAboveMiB: 1.5 }, 'stageAboveMiB (flag): given 1.5; allowed: an integer'],
    [{ ignoreLabel: 0.5 }, 'ignoreLabel (flag): given 0.5; allowed: null (none), or an integer label'],
    [
      { tile: { shape: '8,b,8' } },
      'tile.shape[1] (flag): given "b"; allowed: null (auto), or three integers',
    ],
    [{ tile: { shape: '8,8' } }, 'tile.shape'],
    [{ tile: { shape: [8, 8, 0] } }, 'tile.shape[2] (flag): given 0; allowed'],
    [{ tile: 5 }, 'tile (flag): given 5; allowed: shape, voxels'],
    [{ tile: { vxoels: 5 } }, 'tile.vxoels (flag): no such setting; did you mean voxels?'],
    [{ ignore_label: 5 }, 'ignore_label (flag): no such setting; did you mean ignoreLabel?'],
    [{ wibble: 5 }, 'wibble (flag): no such setting; allowed: scores, channels'],
    [{ classes: 'WT' }, 'classes (flag): given "WT"; allowed: null (auto), or integer labels by name'],
    [{ classes: 'a=1;a=2' }, 'classes (flag): given "a=1;a=2"'],
    [{ classes: 'a=1,x' }, 'classes.a[1] (flag): given "x"'],
    [{ classes: 'a=1,1' }, 'classes.a (flag): given [1,1] (a label is listed twice)'],
    [{ classes: {} }, 'classes (flag): given {} (no class is named)'],
    [{ classes: { 'a;b': [1] } }, 'classes.a;b (flag): given "a;b" (a name starts with a letter or a digit'],
    [{ classes: '__proto__=1;b=2' }, '(a class cannot be named __proto__)'],
    [{ classes: 'a=1', ignoreLabel: 1 }, 'classes.a: holds label 1, which ignoreLabel leaves out'],
    [{ format: ['xml'] }, 'format[0] (flag): given "xml"; allowed: a list of json'],
    [{ losses: 'dice,dyce' }, 'losses: "dyce" names no loss; there are all, dice'],
    [{ losses: 'lovasz-hinge,dyce' }, '"dyce" names no loss'],
    [{ losses: 'lovasz-hinge', scores: 'probability' }, 'losses: "lovasz-hinge" is unavailable here'],
    [
      { redis: { url: 'http://me:secret@host' } },
      'redis.url (flag): given (hidden) (it does not begin with redis:// or rediss://); allowed: redis://',
    ],
  ])('%j', (flags, expected) => {
    const message = refusal({ flags: flags as Record<string, unknown> });
    expect(message).toContain(expected);
    expect(message).not.toContain('secret');
  });
});

test('every mistake is in one error, with who made it', () => {
  const file = fileWith('scores: prob\ntile:\n  shape: [8, 8, nil]\nmergeFanin: 4\nthreads: 2\n');
  expect(refusal({ file, flags: { threads: 'x' } }).split('\n')).toEqual([
    'configuration:',
    `  - scores (${file}): given "prob"; allowed: auto, probability, logit, label`,
    `  - tile.shape[2] (${file}): given "nil"; allowed: null (auto), or three integers x,y,z of at least 1`,
    '  - threads (flag): given "x"; allowed: auto, or an integer from 1 to 256',
    `  - mergeFanin (${file}): no such setting; did you mean mergeFanIn?`,
  ]);
});

test.each([
  ['a: 1\na: 2\n', 'Map keys must be unique at line 2'],
  ['a: [1\n', 'line 2'],
  ['- 1\n', 'must hold a map of settings'],
  ['just text', 'must hold a map of settings'],
])('a file that holds %j is refused with its name', (text, expected) => {
  const file = fileWith(text);
  const message = refusal({ file });
  expect(message).toContain(file);
  expect(message).toContain(expected);
});

test('a file that is not there is refused with its name', () => {
  expect(refusal({ file: join(folder, 'none.yaml') })).toContain('none.yaml: cannot read');
});
