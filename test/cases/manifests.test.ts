/** Manifests as spreadsheets and people write them: read to the letter, or refused with the reason. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readManifest } from '../../src/cases/read-manifest.ts';
import { gatherCases } from '../../src/cli/cases.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = fileURLToPath(new URL('26-manifest', import.meta.url));
const read = (name: string) => readManifest(join(folder, name));
const made = temporaryFolder()();

function write(bytes: string | Buffer, name = 'cases.csv'): string {
  writeFileSync(join(made, name), bytes);
  return join(made, name);
}

describe('read, with the ids as they are written', () => {
  test.each([
    ['bom.csv', ['007', '8']],
    ['comment.csv', ['7']],
    ['cr.csv', ['7']],
    ['dupcase.csv', ['A', 'a']],
    ['formula.csv', ['=1+1']],
    ['quote.csv', ['a,b "q"']],
    ['semi.csv', ['007', '8']],
    ['semibom.csv', ['007']],
    ['slash.csv', ['../../evil']],
    ['spaces.csv', ['007']],
    ['tab.tsv', ['7']],
    ['tabincsv.csv', ['7']],
    ['toolong.csv', ['7', 'x']],
    ['upper.csv', ['007']],
    ['utf16.csv', ['007']],
  ])('%s', (name, ids) => {
    const cases = read(name);
    expect(cases.map(({ id }) => id)).toEqual(ids);
    const [first] = cases;
    const is7 = ids[0] === '007';
    expect(first!.predictions).toEqual([
      join(folder, 'data', is7 ? 'p 1.nii.gz' : name === 'dupcase.csv' ? 'p 1.nii.gz' : 'p2.nii.gz'),
    ]);
  });

  test.each(['utf-16le', 'utf-16be'] as const)('%s, with and without its mark', (encoding) => {
    const text = 'case;prediction;reference\r\nPrüfung 1;a.nii;b.nii\r\n';
    for (const mark of ['\uFEFF', '']) {
      const bytes = Buffer.from(mark + text, 'utf16le');
      const [entry] = readManifest(write(encoding === 'utf-16be' ? bytes.swap16() : bytes));
      expect(entry).toMatchObject({ id: 'Prüfung 1', predictions: [join(made, 'a.nii')] });
    }
  });

  test('a column of images is kept on the case', () => {
    const [first, second] = readManifest(
      write('case,prediction,reference,image\na,p,r,scans/t1.nii\nb,p2,r,\n'),
    );
    expect(first).toMatchObject({ image: join(made, 'scans/t1.nii') });
    expect(second).not.toHaveProperty('image');
  });

  test('two cases of the same files are told', () => {
    const { warnings } = gatherCases({ manifest: join(folder, 'samefiles.csv') }, 'fail-case');
    expect(warnings).toEqual(['cases x and y are the same files']);
  });
});

describe('refused, with the reason and what to do', () => {
  test.each([
    ['back.csv', /line 2: data\\p2\.nii\.gz has backslashes.*write data\/p2\.nii\.gz/],
    ['dup.csv', /line 3: case "7" is in line 2/],
    ['empty.csv', /holds no case below its header/],
    ['emptyid.csv', /line 2: the cell of case is empty/],
    ['latin1.csv', /line 2: byte 0xfc is not UTF-8.*Latin-1.*CSV UTF-8/],
    ['long.csv', /line 2: 5 cells where the header names 3/],
    ['missing.csv', /no such column "pred"; did you mean prediction\?[\s\S]*"ref"; did you mean reference\?/],
    ['nohdr.csv', /line 1: must name the columns, such as case,prediction,reference/],
    ['short.csv', /line 2: the cell of reference is empty/],
    ['swap.csv', /no such column "extra"; allowed: case, prediction, reference, image, group/],
    ['tilde.csv', /line 2: ~\/p2\.nii\.gz: ~ has no meaning/],
  ])('%s', (name, reason) => {
    expect(() => read(name)).toThrow(reason);
  });

  test('damaged UTF-16', () => {
    expect(() => readManifest(write(Buffer.from([0xff, 0xfe, 0x63, 0x00, 0x00, 0xd8])))).toThrow(
      /damaged UTF-16LE text; save it as UTF-8/,
    );
  });
});
