import { existsSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SharedFolders } from '../../../src/engines/redis/places.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();

test('who only looks makes no folder, and sees no run in one that is not there', () => {
  const places = new SharedFolders(folder('nowhere'));
  expect(places.runs()).toEqual([]);
  expect(existsSync(folder('nowhere'))).toBe(false);
});

test('who works on runs has the folder made', () => {
  expect(new SharedFolders(folder('deep/er'), { make: true }).runs()).toEqual([]);
  expect(existsSync(folder('deep/er'))).toBe(true);
});

test('a file is no folder of runs', () => {
  writeFileSync(folder('file'), '');
  const refused = expect.objectContaining({
    code: 'work-root',
    place: expect.objectContaining({ field: 'redis.workRoot' }),
  });
  expect(() => new SharedFolders(folder('file'))).toThrow(refused);
  expect(() => new SharedFolders(folder('file'), { make: true })).toThrow(refused);
});
