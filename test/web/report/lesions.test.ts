import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readLesions } from '../../../src/web/report/lesions.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const head = 'case,class,status,ml,voxels,voxel_x,voxel_y,voxel_z';

function write(name: string, rows: readonly string[]): string {
  mkdirSync(folder(name));
  writeFileSync(folder(`${name}/lesions.csv`), [head, ...rows, ''].join('\r\n'));
  return folder(name);
}

test('of many lesions the largest missed and invented ones are listed, all are counted', () => {
  const statuses = ['found', 'missed', 'matched', 'invented'];
  // 7 and 10007 have no common factor: each size once, in no order.
  const rows = Array.from({ length: 10_007 }, (_, i) => {
    const ml = (7 * i) % 10_007;
    return `"a, ""b""",t,${statuses[i % 4]},${ml},${ml},1,2,3`;
  });
  const section = readLesions(write('many', rows))!;
  expect(section.counts).toEqual({ found: 2502, missed: 2502, matched: 2502, invented: 2501 });
  const wrong = rows
    .map((row) => row.split(',').slice(-6))
    .filter(([status]) => status === 'missed' || status === 'invented')
    .map(([, ml]) => Number(ml))
    .sort((a, b) => b - a);
  expect(section.wrong.map(({ ml }) => ml)).toEqual(wrong.slice(0, 30));
  expect(section.wrong[0]!.case).toBe('a, "b"');
});

test('a list that is none is not shown, nor one that is not there', () => {
  expect(readLesions(write('other', ['a,t,lost,1,1,1,2,3']))).toBeUndefined();
  expect(readLesions(folder('nowhere'))).toBeUndefined();
  expect(readLesions(write('none', []))).toEqual({
    counts: { found: 0, missed: 0, matched: 0, invented: 0 },
    wrong: [],
  });
});
