/** Label ids as atlases and instance segmentations have them, from files to results. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openFinishedRun } from '../../src/questions/ask/finished-run.ts';
import { labelsOf } from '../../src/settings/labels-of.ts';
import { readHeader } from '../../src/volumes/formats.ts';
import { writeReport } from '../../src/web/report/write-report.ts';
import { pair, score, scored } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { sharedCase } from './cases.ts';

const folder = temporaryFolder();

async function run(name: string) {
  const { prediction, reference } = sharedCase(name);
  const out = folder(name);
  mkdirSync(out);
  const report = await score([pair('a', prediction, reference)], { tile: { voxels: 64 } }, out);
  return {
    out,
    result: scored(report.results.cases[0]),
    document: JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')),
  };
}

test('10d-2p60: 2^60 + 1 and 2^60 + 2 are two labels in every file', async () => {
  const { out, result, document } = await run('10d-2p60');
  const names = Object.keys(result.classes).filter((name) => name.length > 15);
  expect(names).toEqual([String(2n ** 60n + 1n), String(2n ** 60n + 2n)]);
  // As text, since numbers in JSON are read as float64 by most.
  expect(document.classes.map(({ labels }: { labels: unknown[] }) => labels[0])).toEqual(
    expect.arrayContaining(names),
  );
  expect(readFileSync(join(out, 'cases.csv'), 'utf8')).toContain(names[1]);
  expect(readFileSync(join(out, 'summary.json'), 'utf8')).toContain(`"${names[0]}"`);
  expect(openFinishedRun(out).outcomes[0]).toMatchObject({ status: 'ok' });
  await writeReport(out);
  expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain(names[1]);
});

test('10d-2p60: the labels that a run tells of first are exact as well', async () => {
  const { prediction } = sharedCase('10d-2p60');
  expect(await labelsOf(await readHeader(prediction))).toEqual([0, 2n ** 60n + 1n, 2n ** 60n + 2n]);
});

test('10-allen: ids of an atlas in 32 bits', async () => {
  const { result } = await run('10-allen');
  expect(Object.keys(result.classes)).toEqual(['576073728', '576073732']);
});
