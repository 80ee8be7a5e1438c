import fs from 'node:fs';
import { dirname } from 'node:path';
import { persist, storageError } from './storage-faults.ts';

type Files = Pick<typeof fs, 'mkdirSync' | 'statSync'>;

/**
 * Makes a folder and those above it that are missing. Not by Node's own `recursive`: that never ends where a folder says that
 * it is there and then that it is not, as /proc does. @throws MachineError
 */
export function makeFolder(path: string, files: Files = fs): void {
  try {
    persist(() => make(path, files));
  } catch (error) {
    throw storageError(path, 'this folder could not be made', error);
  }
}

function make(path: string, files: Files): void {
  try {
    files.mkdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && files.statSync(path).isDirectory()) return;
    const parent = dirname(path);
    if (code !== 'ENOENT' || parent === path) throw error;
    make(parent, files);
    try {
      files.mkdirSync(path);
    } catch (again) {
      // Somebody else made it meanwhile.
      if ((again as NodeJS.ErrnoException).code !== 'EEXIST') throw again;
    }
  }
}
