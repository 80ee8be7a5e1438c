import { closeSync, mkdirSync, openSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { DataRoots } from '../../src/run/data-roots.ts';
import { guardVolumes, openVolumeSync } from '../../src/volumes/open-volume.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();
mkdirSync(folder('data'));
for (const name of ['data/inside', 'outside']) writeFileSync(folder(name), name);
symlinkSync(folder('outside'), folder('data', 'link'));
afterEach(() => guardVolumes(() => {}));

test('what was opened counts, not the path', async () => {
  new DataRoots([folder('data')]).guard();
  closeSync(openVolumeSync(folder('data', 'inside')));
  for (const path of [folder('data', 'link'), folder('outside')]) {
    expect(() => openVolumeSync(path)).toThrow('lies outside the data folders');
  }
});

test('a file that was moved out after it was opened is outside', () => {
  new DataRoots([folder('data')]).guard();
  writeFileSync(folder('data', 'moving'), '');
  const fd = openSync(folder('data', 'moving'), 'r');
  renameSync(folder('data', 'moving'), folder('moved'));
  expect(() => openVolumeSync(`/proc/self/fd/${fd}`)).toThrow('lies outside');
  closeSync(fd);
});
