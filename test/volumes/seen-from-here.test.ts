import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { isFolderSeen } from '../../src/volumes/seen-from-here.ts';

const folder = mkdtempSync(join(tmpdir(), 'voxtally-seen-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a folder that is gone or empty may be there for another machine; so may that of a link', () => {
  for (const name of ['mounted', 'bare']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'mounted', 'other.nii'), '');
  symlinkSync(join(folder, 'bare', 'p.nii'), join(folder, 'mounted', 'link.nii'));
  symlinkSync('gone.nii', join(folder, 'mounted', 'near.nii'));
  const seen = (file: string) => isFolderSeen(join(folder, file));
  expect(seen('mounted/p.nii')).toBe(true);
  expect(seen('mounted/near.nii')).toBe(true);
  expect(seen('mounted/link.nii')).toBe(false);
  expect(seen('bare/p.nii')).toBe(false);
  expect(seen('nowhere/p.nii')).toBe(false);
});
