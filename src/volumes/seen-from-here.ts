/** Whether a file that is missing may be there for another machine: its storage may not be mounted on this one. */
import { opendirSync, readlinkSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Whether the folder of the file is there and holds anything: what is missing from it then is missing everywhere. Of a link
 * that of its target counts.
 */
export function isFolderSeen(file: string): boolean {
  try {
    const folder = opendirSync(dirname(targetOf(file)));
    try {
      return folder.readSync() !== null;
    } finally {
      folder.closeSync();
    }
  } catch {
    return false;
  }
}

function targetOf(file: string): string {
  try {
    return resolve(dirname(file), readlinkSync(file));
  } catch {
    return file;
  }
}
