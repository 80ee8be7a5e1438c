import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formats, volumeEnding } from '../../src/volumes/formats.ts';

test('names end as the rows say, gzip or not, in any case', () => {
  for (const extension of formats.flatMap(({ extensions }) => extensions)) {
    for (const name of [`a${extension}`, `a${extension}.gz`, `a${extension.toUpperCase()}.GZ`]) {
      expect(name.replace(volumeEnding, '')).toBe('a');
    }
  }
  for (const name of ['a.txt', 'anii', 'a.nii.bz2', 'a.nii.txt']) expect(volumeEnding.test(name)).toBe(false);
});

test('no format takes bytes of another, or none', () => {
  for (const { probe } of formats) {
    expect(probe(new Uint8Array(0))).toBe(false);
    expect(probe(new TextEncoder().encode('<!doctype html><title>Sign in</title>'))).toBe(false);
  }
});

test('nothing outside src/volumes knows a format or opens a file of its own accord', () => {
  const outside = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(
    (name) => /\.ts$/.test(name) && !name.startsWith('volumes/'),
  );
  // data-roots says which files may be opened.
  const found = outside.filter(
    (name) =>
      name !== 'run/data-roots.ts' &&
      /volumes\/(nifti\/(header|fields|files)|prefix|open-volume)\.ts'/.test(
        readFileSync(join('src', name), 'utf8'),
      ),
  );
  expect(found).toEqual([]);
});
