import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/base/errors.ts';
import { readManifest } from '../../src/cases/read-manifest.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder()();

function fileWith(text: string, name = 'cases.csv'): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

function refusal(text: string): string {
  try {
    readManifest(fileWith(text));
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  throw new Error('the manifest was accepted');
}

const head = 'case,prediction,reference\n';

describe('what is read', () => {
  const expected = () => [
    { id: 'p1', predictions: [join(folder, 'a.nii')], reference: '/data/b.nii', group: 'north' },
    { id: 'p2', predictions: [join(folder, 'sub/c.nii')], reference: join(folder, 'd.nii') },
  ];
  test.each([
    [
      'CSV',
      'cases.csv',
      'case,prediction,reference,group\np1,a.nii,/data/b.nii,north\np2,sub/c.nii,d.nii,\n',
    ],
    [
      'TSV by its ending',
      'c.TSV',
      'case\tprediction\treference\tgroup\np1\ta.nii\t/data/b.nii\tnorth\np2\tsub/c.nii\td.nii\t',
    ],
    [
      'TSV by its header',
      'c.txt',
      'case\tprediction\treference\tgroup\np1\ta.nii\t/data/b.nii\tnorth\np2\tsub/c.nii\td.nii\n',
    ],
    [
      'columns in any order',
      'c.csv',
      'group,reference,case,prediction\nnorth,/data/b.nii,p1,a.nii\n,d.nii,p2,sub/c.nii',
    ],
    [
      'a byte order mark, CRLF, quotes, space and blank lines',
      'c.csv',
      '\uFEFFcase, prediction ,reference,group\r\n"p1",a.nii, "/data/b.nii" ,north\r\n\r\n,,,\r\np2,sub/c.nii,d.nii,\r\n',
    ],
  ])('%s', (_, name, text) => {
    expect(readManifest(fileWith(text, name))).toEqual(expected());
  });

  test('the channel files of a prediction', () => {
    const [entry] = readManifest(fileWith(`${head}p1,a_0000.nii.gz | /x/a_0001.nii.gz,b.nii\n`));
    expect(entry!.predictions).toEqual([join(folder, 'a_0000.nii.gz'), '/x/a_0001.nii.gz']);
  });

  test('quoted cells may hold the separator, quotes and line ends', () => {
    const [entry] = readManifest(fileWith(`${head}"a ""b"", c\nd","x, y.nii",r.nii\n`));
    expect(entry).toMatchObject({ id: 'a "b", c\nd', predictions: [join(folder, 'x, y.nii')] });
  });
});

describe('mistakes', () => {
  test.each([
    ['', 'is empty'],
    ['case,prediction,reference\n', 'holds no case'],
    ['case,prediction\np,a\n', 'line 1: column reference is missing'],
    ['case,predictions,reference\np,a,b\n', 'line 1: no such column "predictions"; did you mean prediction?'],
    [
      'case,prediction,reference,scanner\np,a,b,c\n',
      'no such column "scanner"; allowed: case, prediction, reference, image, group',
    ],
    ['case,prediction,reference,case\np,a,b,c\n', 'line 1: column case is named twice'],
    [`${head}p,,b\n`, 'line 2: the cell of prediction is empty'],
    [`${head}p,a\n`, 'line 2: the cell of reference is empty'],
    [`${head}p,a,b,c\n`, 'line 2: 4 cells where the header names 3'],
    [`${head}p,a,b\n\nq,a,b\np,c,d\n`, 'line 5: case "p" is in line 2 already'],
    [`${head}p,a||c,b\n`, 'line 2: the cell of prediction names an empty channel file'],
    [`${head}p,"a,b\n`, 'Quote Not Closed'],
  ])('%j', (text, expected) => {
    expect(refusal(text)).toContain(expected);
  });

  test('all are in one error', () => {
    const message = refusal(`${head}p,,b\np,a,\n,a,b\n`);
    expect(message.split('\n').slice(1)).toEqual([
      '  - line 2: the cell of prediction is empty',
      '  - line 3: the cell of reference is empty',
      '  - line 3: case "p" is in line 2 already; ids must differ',
      '  - line 4: the cell of case is empty',
    ]);
    expect(refusal('cse,reference\n')).toContain('3 mistakes');
  });

  test('a file that is not there', () => {
    expect(() => readManifest(join(folder, 'none.csv'))).toThrow(/none\.csv: cannot read the manifest/);
  });
});

test('what is written as CSV or TSV comes back', () => {
  const text = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    .map((value) => value.replaceAll('\0', '').trim())
    .filter((value) => value !== '' && !value.startsWith('\uFEFF'));
  const name = text.filter((value) => !value.includes('|') && !/[/\\]/.test(value) && !value.startsWith('.'));
  const row = fc.record({
    id: text,
    predictions: fc.array(name, { minLength: 1, maxLength: 3 }),
    reference: name,
    group: fc.option(text, { nil: undefined }),
  });
  const rows = fc.uniqueArray(row, { minLength: 1, maxLength: 6, selector: ({ id }) => id });
  fc.assert(
    fc.property(
      rows,
      fc.constantFrom(',', '\t'),
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      (cases, comma, end, mark) => {
        const quote = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
        const lines = cases.map(({ id, predictions, reference, group }) =>
          [id, predictions.join('|'), reference, group ?? ''].map(quote).join(comma),
        );
        const header = ['case', 'prediction', 'reference', 'group'].join(comma);
        const file = fileWith((mark ? '\uFEFF' : '') + [header, ...lines].join(end), 'any.txt');
        expect(readManifest(file)).toEqual(
          cases.map(({ id, predictions, reference, group }) => ({
            id,
            predictions: predictions.map((prediction) => join(folder, prediction)),
            reference: join(folder, reference),
            ...(group === undefined ? {} : { group }),
          })),
        );
      },
    ),
    { numRuns: 200 },
  );
});
