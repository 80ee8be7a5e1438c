import { randomBytes } from 'node:crypto';
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { kill, pid } from 'node:process';
import { MachineError } from './errors.ts';

/** This thread's own: processes in containers all have the same number. */
const writer = randomBytes(4).toString('hex');
let serial = 0;

/**
 * A name beside `path` for a file that is being written. No two writers share one: two workers may do the same piece of
 * work at the same time.
 */
export function temporaryName(path: string): string {
  return `${path}.${pid}-${writer}-${serial++}.tmp`;
}

/** Whether a file is what a writer left that is gone. What another process of this machine may still write is not. */
export function isAbandoned(path: string): boolean {
  const [, owner] = /\.(\d+)-[0-9a-f]{8}-\d+\.tmp$/.exec(path) ?? [];
  return owner !== undefined && (Number(owner) === pid || !isAlive(Number(owner)));
}

function isAlive(process: number): boolean {
  try {
    return kill(process, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Writes `pieces` behind each other as one file: under a temporary name in the same folder, then renamed, so that a
 * reader finds the whole file or none. A piece is written before the next is asked for. Writing the same again replaces
 * the file. Returns the bytes written.
 * @throws MachineError (disk full, no permission) or what `pieces` throws, after the temporary file is removed.
 */
export function writeWhole(path: string, pieces: Iterable<Uint8Array>): number {
  const temporary = temporaryName(path);
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
