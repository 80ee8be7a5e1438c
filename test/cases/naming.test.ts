/** Names as people give them: suffixes, patterns, folders, BIDS; a message shows the options that pair them. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compilePattern } from '../../src/cases/name-pattern.ts';
import { type CaseSource, gatherCases } from '../../src/cli/cases.ts';
import { scoreCommand } from '../../src/cli/commands/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder()();
let serial = 0;

function folderOf(files: readonly string[]): string {
  const folder = join(root, String(serial++));
  mkdirSync(folder);
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), '');
  }
  return folder;
}

function sides(predictions: readonly string[], references: readonly string[]) {
  return { predictions: folderOf(predictions), references: folderOf(references) };
}

/** `id: prediction, ...` for each case. */
function paired(source: CaseSource): string[] {
  return gatherCases(source, 'fail-case').cases.map(
    ({ id, predictions, missing }) =>
      `${id}: ${missing ?? predictions.map((file) => relative(source.predictions!, file)).join(', ')}`,
  );
}

/** The options of `score`, read as the shell and the command line read them. */
function optionsIn(text: string): CaseSource {
  const words = [...text.matchAll(/'((?:[^']|'\\'')*)'|(\S+)/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll("'\\''", "'") ?? plain!,
  );
  const command = scoreCommand(
    { out: () => {}, error: () => {}, live: false, color: false, width: 80 },
    () => {},
  );
  command.parseOptions(words);
  return command.opts<CaseSource>();
}

/** The options that the refusal of such folders advises. */
function advice(source: CaseSource): string {
  let message = '';
  try {
    gatherCases(source, 'fail-case');
  } catch (error) {
    message = (error as Error).message;
  }
  return /; add (--.*), which pairs (\d+) of \2 references$/.exec(message)?.[1] ?? message;
}

const bids = (label: string) =>
  ['01', '02'].map((id) => `sub-${id}/anat/sub-${id}_space-orig_${label}dseg.nii.gz`);

test.each([
  [
    'a suffix',
    ['case01_seg.nii.gz', 'case02_seg.nii.gz'],
    ['case01.nii.gz', 'case02.nii.gz'],
    '--prediction-suffix _seg',
  ],
  ['one file', ['case01_seg.nii.gz'], ['case01.nii.gz'], '--prediction-suffix _seg'],
  ['a suffix with a dash', ['c1-pred.nii', 'c2-pred.nii'], ['c1.nii', 'c2.nii'], '--prediction-suffix -pred'],
  [
    'suffixes on both sides',
    ['a_pred.nii', 'b_pred.nii'],
    ['a_gt.nii', 'b_gt.nii'],
    '--prediction-suffix _pred --reference-suffix _gt',
  ],
  [
    'BIDS derivatives',
    bids('desc-unet_'),
    bids(''),
    '--recursive --prediction-suffix _desc-unet_dseg --reference-suffix _dseg',
  ],
  ['folders of the same names', ['s1/a.nii', 's1/b.nii'], ['x/a.nii', 'y/b.nii'], '--recursive'],
  [
    'a folder for each case',
    ['p1/pred.nii', 'p2/pred.nii'],
    ['p1/seg.nii', 'p2/seg.nii'],
    "--prediction-pattern '{case}/pred' --reference-pattern '{case}/seg'",
  ],
  [
    'folders against files',
    ['p1/pred.nii', 'p2/pred.nii'],
    ['p1.nii', 'p2.nii'],
    "--prediction-pattern '{case}/pred'",
  ],
  [
    'prefixes, spaces and quotes',
    ["pat1 'x'.nii", "pat2 'x'.nii"],
    ['lab1.nii', 'lab2.nii'],
    "--prediction-pattern 'pat{case} '\\''x'\\''' --reference-pattern 'lab{case}'",
  ],
])('%s: the message shows the options, and they pair', (_, predictions, references, options) => {
  const source = sides(predictions, references);
  expect(advice(source)).toBe(options);
  const cases = gatherCases({ ...source, ...optionsIn(options) }, 'fail-case').cases;
  expect(cases.map(({ predictions: files }) => files.length)).toEqual(references.map(() => 1));
});

test('names that cannot be told apart are shown, with examples of the options', () => {
  const message = advice(sides(['x.nii'], ['y.nii']));
  expect(message).toMatch(/such as .*x\.nii and .*y\.nii;.*--prediction-suffix _seg/);
  expect(advice(sides([], ['y.nii']))).toMatch(/holds no .nii, .nii.gz or .hdr file to score$/);
  expect(advice(sides(['x.nii'], []))).toMatch(/holds no .nii, .nii.gz or .hdr file to score against$/);
});

test('where only some pair, the warning has the option that pairs more', () => {
  const source = sides(['a.nii', 'b_seg.nii', 'c_seg.nii'], ['a.nii', 'b.nii', 'c.nii']);
  expect(gatherCases(source, 'fail-case').warnings.at(-1)).toBe(
    '1 of 3 references are paired; --prediction-suffix _seg pairs 2 of 3',
  );
});

describe('what is paired', () => {
  test('channels stand before or after the suffix', () => {
    const files = ['a_seg_0000.nii', 'a_seg_0001.nii', 'b_0000_seg.nii', 'b_0001_seg.nii'];
    expect(paired({ ...sides(files, ['a.nii', 'b.nii']), predictionSuffix: '_seg' })).toEqual([
      'a: a_seg_0000.nii, a_seg_0001.nii',
      'b: b_0000_seg.nii, b_0001_seg.nii',
    ]);
  });

  test('files that a pattern does not fit are left out and told', () => {
    const source = {
      ...sides(['a.nii'], ['a_lbl.nii', 'a_img.nii']),
      referenceSuffix: '_lbl',
    };
    expect(paired(source)).toEqual(['a: a.nii']);
    expect(gatherCases(source, 'fail-case').warnings).toEqual([
      expect.stringMatching(/a_img\.nii does not fit \{case\}_lbl and is left out$/),
    ]);
  });

  test('one folder holds both sides: files of the other side are not warned of', () => {
    const { references: both } = sides(
      [],
      ['a_pred.nii', 'a_lbl.nii', 'b_lbl.nii', 'b_pred.nii', 'notes.nii'],
    );
    const suffixes = { predictionSuffix: '_pred', referenceSuffix: '_lbl' };
    expect(gatherCases({ predictions: both, references: both, ...suffixes }, 'fail-case').warnings).toEqual([
      expect.stringMatching(/notes\.nii belongs to no reference and is left out$/),
      expect.stringMatching(/notes\.nii does not fit \{case\}_lbl and is left out$/),
    ]);
    expect(gatherCases({ predictions: both, references: both }, 'fail-case').warnings).toContainEqual(
      expect.stringMatching(/are the same folder .* --prediction-suffix and --reference-suffix$/),
    );
  });

  test('many files that are left out are named in part, with the number of the rest', () => {
    const files = Array.from({ length: 9 }, (_, at) => `x${at}.nii`);
    const { warnings } = gatherCases(sides(['a.nii', ...files], ['a.nii']), 'fail-case');
    expect(warnings).toHaveLength(6);
    expect(warnings.at(-1)).toBe('the same of 4 more files');
  });

  test('the same name in several folders is a case in each', () => {
    const files = ['north/c1.nii', 'south/c1.nii'];
    expect(paired({ ...sides(files, files), recursive: true })).toEqual([
      'north/c1: north/c1.nii',
      'south/c1: south/c1.nii',
    ]);
    expect(() => paired({ ...sides(files, ['c1.nii']), recursive: true })).toThrow(/are of the same case c1/);
  });

  test('names are compared as NFC', () => {
    const name = 'Prüfung-é 3';
    expect(paired(sides([`${name.normalize('NFD')}.nii.gz`], [`${name.normalize('NFC')}.nii`]))).toEqual([
      `${name.normalize('NFC')}: ${name.normalize('NFD')}.nii.gz`,
    ]);
    expect(() =>
      paired(sides([`${name.normalize('NFD')}.nii`, `${name.normalize('NFC')}.nii`], ['x.nii'])),
    ).toThrow(/share the name/);
    const odd = ['sub 01, left "A".nii.gz', 'rec02.cutout_at.x1909.nii.gz'];
    expect(paired(sides(odd, odd))).toHaveLength(2);
  });

  test('links to folders are followed, also one that leads back', () => {
    const source = sides([], ['deep/a.nii']);
    symlinkSync(join(source.references, 'deep'), join(source.predictions, 'linked'));
    symlinkSync(source.references, join(source.references, 'deep', 'back'));
    expect(paired({ ...source, recursive: true })).toEqual(['a: linked/a.nii']);
  });
});

describe('patterns', () => {
  const caseIn = (pattern: string, stem: string) =>
    compilePattern(pattern, '--prediction-pattern').regex.exec(stem)?.groups?.case;
  test.each([
    ['sub-{case}/**/sub-{case}_*dseg.nii.gz', 'sub-01/ses-1/anat/sub-01_space-x_dseg', '01'],
    ['sub-{case}/**/sub-{case}_*dseg', 'sub-01/sub-01_dseg', '01'],
    ['sub-{case}/anat/sub-{case}_dseg', 'sub-01/anat/sub-02_dseg', undefined],
    ['{case}.seg+(1)', 'a.seg+(1)', 'a'],
    ['{case}.seg', 'axseg', undefined],
  ])('%s of %s', (pattern, stem, expected) => {
    expect(caseIn(pattern, stem)).toBe(expected);
  });

  test.each([
    [{ predictionPattern: 'seg' }, /must hold \{case\}/],
    [{ predictionSuffix: '_x', predictionPattern: '{case}_x' }, /not both/],
    [{ referenceSuffix: '*_x' }, /plain text/],
    [{ imageSuffix: '_x' }, /--images <folder>/],
  ])('%j is refused', (options, reason) => {
    expect(() => paired({ ...sides(['a.nii'], ['a.nii']), ...options })).toThrow(reason);
  });

  test('a manifest names the files itself', () => {
    expect(() => gatherCases({ manifest: 'x.csv', predictionSuffix: '_seg' }, 'fail-case')).toThrow(
      /--prediction-suffix pairs two folders/,
    );
  });
});

test('scans are found by the id of the case, of several the first', () => {
  const source = {
    ...sides(['a.nii', 'b.nii', 'c.nii'], ['a.nii', 'b.nii', 'c.nii']),
    images: folderOf(['a.nii.gz', 'b_0000.nii.gz', 'b_0001.nii.gz']),
  };
  const { cases, warnings } = gatherCases(source, 'fail-case');
  expect(cases.map(({ image }) => image && relative(source.images, image))).toEqual([
    'a.nii.gz',
    'b_0000.nii.gz',
    undefined,
  ]);
  expect(warnings).toEqual([expect.stringMatching(/^2 of 3 cases have an image in .*, not c \(/)]);
  const named = {
    ...source,
    images: folderOf(['x/a_T1w.nii', 'x/b_T1w.nii', 'x/c_T1w.nii']),
    imageSuffix: '_T1w',
    recursive: true,
  };
  expect(gatherCases(named, 'fail-case').warnings).toEqual([]);
});
