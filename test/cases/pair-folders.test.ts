import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/base/errors.ts';
import { refuseMissing } from '../../src/cases/missing.ts';
import { pairFolders } from '../../src/cases/pair-folders.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder()();
let serial = 0;

function pair(predictions: string, references: string) {
  const folder = join(root, String(serial++));
  for (const [name, files] of [
    ['pred', predictions],
    ['ref', references],
  ] as const) {
    mkdirSync(join(folder, name), { recursive: true });
    for (const file of files.split(' ')) if (file !== '') writeFileSync(join(folder, name, file), '');
  }
  return pairFolders(join(folder, 'pred'), join(folder, 'ref'));
}

/** `id < prediction + prediction, ...` in the order of the cases. */
function asText({ cases }: ReturnType<typeof pair>): string {
  return cases
    .map(
      ({ id, predictions, missing }) =>
        `${id} < ${missing ?? predictions.map((file) => basename(file)).join(' + ')}`,
    )
    .join(', ');
}

test.each([
  [
    'the endings differ',
    'a.nii.gz b.nii c.hdr c.img',
    'a.nii b.NII.GZ c.nii',
    'a < a.nii.gz, b < b.nii, c < c.hdr',
  ],
  ['a gzipped pair', 'a.hdr.gz a.img.gz', 'a.nii', 'a < a.hdr.gz'],
  [
    'the order is by code points',
    'b.nii B.nii a10.nii a9.nii',
    'a9.nii b.nii B.nii a10.nii',
    'B < B.nii, a10 < a10.nii, a9 < a9.nii, b < b.nii',
  ],
  ['channels', 'a_0001.nii a_0000.nii b.nii', 'a.nii b.nii', 'a < a_0000.nii + a_0001.nii, b < b.nii'],
  ['one channel', 'a_0000.nii.gz', 'a.nii.gz', 'a < a_0000.nii.gz'],
  [
    'a gap keeps its place',
    'a_0000.nii.gz a_0003.nii.gz',
    'a.nii',
    'a < a_0000.nii.gz + a_0001.nii.gz + a_0002.nii.gz + a_0003.nii.gz',
  ],
  ['channel 0 is absent', 'a_0001.nii', 'a.nii', 'a < a_0000.nii + a_0001.nii'],
  ['dots and suffixes inside a name', 'a.b_0000_x.nii', 'a.b_0000_x.nii', 'a.b_0000_x < a.b_0000_x.nii'],
  [
    'both kept the suffix',
    'a_0000.nii b_0000.nii',
    'a_0000.nii b_0000.nii',
    'a_0000 < a_0000.nii, b_0000 < b_0000.nii',
  ],
  ['only the reference kept the suffix', 'a.nii', 'a_0000.nii', 'a_0000 < a.nii'],
  [
    'digits that number the cases',
    'm_0000.nii m_0001.nii m_0002.nii',
    'm_0000.nii m_0001.nii',
    'm_0000 < m_0000.nii, m_0001 < m_0001.nii',
  ],
  [
    'channels of numbered cases',
    'm_0000_0000.nii m_0000_0001.nii m_0001_0000.nii m_0001_0001.nii',
    'm_0000.nii m_0001.nii',
    'm_0000 < m_0000_0000.nii + m_0000_0001.nii, m_0001 < m_0001_0000.nii + m_0001_0001.nii',
  ],
  ['a reference without a prediction', 'a.nii', 'a.nii b.nii', 'a < a.nii, b < prediction'],
  ['other files are passed over', 'a.nii notes.txt plan.json .b.nii', 'a.nii', 'a < a.nii'],
])('%s', (_, predictions, references, expected) => {
  expect(asText(pair(predictions, references))).toBe(expected);
});

test('what has no partner is listed', () => {
  const { cases, unmatchedPredictions, unmatchedReferences } = pair(
    'a.nii z.nii y_0000.nii',
    'a.nii b.nii.gz',
  );
  expect(unmatchedPredictions.map((file) => basename(file))).toEqual(['y_0000.nii', 'z.nii']);
  expect(unmatchedReferences.map((file) => basename(file))).toEqual(['b.nii.gz']);
  expect(cases[1]).toEqual({
    id: 'b',
    predictions: [],
    reference: unmatchedReferences[0],
    missing: 'prediction',
  });
});

describe('names that are not clear', () => {
  test.each([
    [
      'a.nii a.nii.gz b.hdr b.nii',
      'a.nii b.nii',
      ['a.nii, a.nii.gz share the name a', 'b.hdr, b.nii share the name b'],
    ],
    ['a.nii', 'a.nii a.nii.gz', ['a.nii, a.nii.gz share the name a']],
    ['a_0000.nii a_0000.nii.gz', 'a.nii', ['a_0000.nii, a_0000.nii.gz share the name a_0000']],
    ['a.nii a_0000.nii', 'a.nii', ['a.nii', 'a_0000.nii', 'may be one prediction or channels of it']],
    ['a_0000.nii a_0001.nii', 'a_0000.nii', ['a_0001.nii may be one prediction or channels of it']],
  ])('%s against %s', (predictions, references, expected) => {
    let message = '';
    try {
      pair(predictions, references);
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      message = (error as Error).message;
    }
    for (const part of expected) expect(message).toContain(part);
  });

  test('a folder that is not there', () => {
    expect(() => pairFolders(join(root, 'nowhere'), root)).toThrow(/nowhere: cannot list this folder/);
  });
});

test('fail-run refuses cases whose prediction is not there', () => {
  const { cases } = pair('a.nii b_0001.nii', 'a.nii b.nii c.nii');
  expect(() => refuseMissing(cases)).toThrow(/2 of 3 cases have no prediction.*\n {2}- b\n {2}- c$/s);
  expect(() => refuseMissing(cases.slice(0, 1))).not.toThrow();
  expect(dirname(cases[0]!.reference)).toMatch(/ref$/);
});
