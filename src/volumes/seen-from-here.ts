/** Whether a file that is missing may be there for another machine: its storage may not be mounted on this one. */
import { opendirSync } from 'node:fs';
import { dirname } from 'node:path';

/** Whether the folder of the file is there and holds anything: what is missing from it then is missing everywhere. */
export function isFolderSeen(file: string): boolean {
  try {
    const folder = opendirSync(dirname(file));
    try {
      return folder.readSync() !== null;
    } finally {
      folder.closeSync();
    }
  } catch {
    return false;
  }
}
