/** Names of labels from the files of segmentation programs, and what a run makes of them. */
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openFinishedRun } from '../../src/questions/ask/finished-run.ts';
import { worstBoxes } from '../../src/questions/errors/worst-boxes.ts';
import { readLabelNames } from '../../src/settings/label-names.ts';
import { loadConfig } from '../../src/settings/load-config.ts';
import { golden } from '../support/golden.ts';
import { pair, score } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();
const read = (text: string, name = 'names.txt') => {
  writeFileSync(folder(name), text);
  return readLabelNames(folder(name));
};

describe("nnU-Net's dataset.json", () => {
  test('labels, regions and the ignore label', () => {
    const labels = {
      background: 0,
      'whole tumour': [1, 2, 3],
      'core (solid)': [2, 3],
      enhancing: 3,
      ignore: 4,
    };
    const found = read(
      JSON.stringify({ labels, regions_class_order: [1, 2, 3], file_ending: '.nii.gz' }),
      'dataset.json',
    );
    expect(found).toEqual({
      classes: { 'whole tumour': [1, 2, 3], 'core (solid)': [2, 3], enhancing: [3] },
      ignoreLabel: 4,
    });
    expect(loadConfig({ flags: { ...found } })).toMatchObject(found);
  });

  test('the old form, by label', () => {
    const labels = { 0: 'background', 1: 'liver', 2: 'cancer' };
    expect(read(JSON.stringify({ name: 'Liver', labels }))).toEqual({ classes: { liver: [1], cancer: [2] } });
  });

  test.each([
    ['{"labels": {"a": "x"}}', /labels.*is not as in nnU-Net's dataset\.json/],
    ['{"labels": {"background": 0}}', /names no label but the background/],
    ['{"labels": {', /is not whole JSON/],
    ['{"channel_names": {}}', /labels: is not as in/],
  ])('%s is refused', (text, reason) => {
    expect(() => read(text)).toThrow(reason);
  });
});

describe('tables of labels, without the background', () => {
  const expected = { labelNames: { 1: 'left kidney', 12: 'liver' } };
  test.each([
    [
      'ITK-SNAP',
      '# ITK-SnaP Label Description File\n# IDX -R- -G- -B- -A-- VIS MSH LABEL\n    0     0    0    0        0  0  0    "Clear Label"\n    1   255    0    0        1  1  1    "left kidney"\n   12     0  255    0      0.5  1  1    "liver"\n',
    ],
    [
      '3D Slicer',
      '# Color table file organs.ctbl\n# 3 values\n0 background 0 0 0 0\n1 left kidney 128 174 128 255\n12 liver 1 2 3 255\n',
    ],
    [
      'FreeSurfer',
      '#No. Label Name:     R   G   B   A\r\n\r\n0   Unknown          0   0   0   0\r\n1   left kidney      70  130 180 0\r\n12  liver            245 245 245 0\r\n',
    ],
    [
      'BIDS',
      'index\tname\tabbreviation\tcolor\n0\tBackground\tBG\t#000000\n1\tleft kidney\tLK\t#ff53bb\n12\tliver\tLIV\t#2f8bbe\n',
    ],
    ['BIDS with other columns first', 'name;index\nleft kidney;1\nliver;12\n'],
  ])('%s', (_, text) => {
    expect(read(text)).toEqual(expected);
  });

  test('names that several labels have, or that are the number of another, get their label', () => {
    expect(read('1 cyst 0 0 0 0\n2 cyst 0 0 0 0\n3 4 0 0 0 0\n5 5 0 0 0 0\n')).toEqual({
      labelNames: { 1: 'cyst (1)', 2: 'cyst (2)', 3: '4 (3)', 5: '5' },
    });
  });

  test.each([
    ['nothing that has a name', /holds no label with a name; readable are nnU-Net's dataset\.json/],
    ['index\tcolor\n1\t#fff\n', /line 1: column name is missing/],
    ['index\tname\nx\tliver\n', /line 2: must hold an index of at least 0 and a name/],
  ])('%j is refused', (text, reason) => {
    expect(() => read(text)).toThrow(reason);
  });
});

test('the labels that occur have their names in results and in the lists of errors', async () => {
  const { labelNames } = read('1 liver 0 0 0 0\n77 spleen 0 0 0 0\n');
  const cases = [pair('a', golden('labels.nii.gz'), golden('labels_ref.nii.gz'))];
  const { results } = await score(cases, { labelNames: { ...labelNames } }, folder('out'));
  const names = results.classes.map(({ name }) => name);
  expect(names).toContain('liver');
  expect(names).not.toContain('1');
  expect(names).not.toContain('spleen');
  expect(results.classes.find(({ name }) => name === 'liver')!.labels).toEqual([1]);
  const { worst } = worstBoxes(openFinishedRun(folder('out')), { class: 'liver', measure: 'hard', top: 1 });
  expect(worst[0]!.class).toBe('liver');
});
