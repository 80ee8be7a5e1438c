import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { pid } from 'node:process';
import { threadId } from 'node:worker_threads';
import { MachineError } from '../errors.ts';

let serial = 0;

/**
 * Writes `pieces` behind each other as one file: under a temporary name in the same folder, then renamed, so that a
 * reader finds the whole file or none. A piece is written before the next is asked for. Writing the same again replaces
 * the file. Returns the bytes written.
 * @throws MachineError (disk full, no permission) or what `pieces` throws, after the temporary file is removed.
 */
export function writeWhole(path: string, pieces: Iterable<Uint8Array>): number {
  // Two workers that do the same piece of work at the same time must not share a temporary name.
  const temporary = `${path}.${pid}-${threadId}-${serial++}.tmp`;
  let fd: number | undefined;
  try {
    fd = openSync(temporary, 'wx');
    let total = 0;
    for (const piece of pieces) {
      for (let done = 0; done < piece.length; ) {
        done += writeSync(fd, piece, done, Math.min(piece.length - done, 1 << 30));
      }
      total += piece.length;
    }
    closeSync(fd);
    fd = undefined;
    renameSync(temporary, path);
    return total;
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    rmSync(temporary, { force: true });
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    throw new MachineError(
      code === 'ENOSPC' ? 'disk-full' : 'storage',
      `${path}: could not be written: ${(error as Error).message}${code === 'ENOSPC' ? '; free some space and resume' : ''}`,
      { file: path, cause: error },
    );
  }
}

/** `writeWhole` for text. */
export function writeText(path: string, text: string): void {
  writeWhole(path, [Buffer.from(text, 'utf8')]);
}
