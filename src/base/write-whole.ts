import fs from 'node:fs';
import { kill, pid } from 'node:process';
import { persist, saysMissing, storageError } from './storage-faults.ts';

/** The calls of the file system that storage rests on; tests give others that fail. */
export type FileLayer = Pick<
  typeof fs,
  | 'closeSync'
  | 'copyFileSync'
  | 'fstatSync'
  | 'linkSync'
  | 'mkdirSync'
  | 'openSync'
  | 'readSync'
  | 'readdirSync'
  | 'renameSync'
  | 'rmSync'
  | 'statSync'
  | 'unlinkSync'
  | 'writeSync'
>;

/** This thread's own: processes in containers all have the same number. To load `crypto` for it takes a thread 5 ms. */
const writer = Math.floor(Math.random() * 2 ** 32)
  .toString(16)
  .padStart(8, '0');
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
 * the file. Returns the bytes written. `hooks` make a folder that is missing, and may throw when the file must not take its
 * name any more.
 * @throws MachineError (disk full, no permission) or what `pieces` throws, after the temporary file is removed.
 */
export function writeWhole(
  path: string,
  pieces: Iterable<Uint8Array>,
  files: FileLayer = fs,
  hooks: { readonly makeFolder?: () => void; readonly mayPublish?: () => void } = {},
): number {
  const temporary = temporaryName(path);
  let fd: number | undefined;
  try {
    fd = openNew(temporary, files, hooks.makeFolder);
    let total = 0;
    for (const piece of pieces) {
      for (let done = 0; done < piece.length; ) {
        const length = Math.min(piece.length - done, 1 << 30);
        done += persist(() => files.writeSync(fd!, piece, done, length));
      }
      total += piece.length;
    }
    // Some file systems tell only now that the bytes could not be kept.
    files.closeSync(fd);
    fd = undefined;
    hooks.mayPublish?.();
    persist(() => files.renameSync(temporary, path));
    return total;
  } catch (error) {
    if (fd !== undefined) quietly(() => files.closeSync(fd!));
    quietly(() => files.rmSync(temporary, { force: true }));
    throw storageError(path, 'could not be written', error);
  }
}

function openNew(path: string, files: FileLayer, makeFolder?: () => void): number {
  try {
    return persist(() => files.openSync(path, 'wx'));
  } catch (error) {
    if (makeFolder === undefined || !saysMissing(error)) throw error;
    makeFolder();
    return persist(() => files.openSync(path, 'wx'));
  }
}

/** What a failure leaves behind must not cause another one. */
function quietly(call: () => void): void {
  try {
    call();
  } catch {}
}

/** `writeWhole` for text. */
export function writeText(path: string, text: string): void {
  writeWhole(path, [Buffer.from(text, 'utf8')]);
}
