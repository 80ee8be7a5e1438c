/**
 * Faults of a file system. An I/O error says nothing about what is stored: it is tried again, then the work stops and says
 * so. Only bytes that were read and fail their checksum are damaged.
 */
import { MachineError } from './errors.ts';
import { timedFile } from './file-time.ts';

/** Faults that pass: a network drive that blinks, a file that somebody else has open, no handle free at the moment. */
const passing = new Set([
  'EAGAIN',
  'EBUSY',
  'EINTR',
  'EIO',
  'EMFILE',
  'ENFILE',
  'ENOLCK',
  'ENOTEMPTY',
  'ESTALE',
  'ETIMEDOUT',
]);
const pausesMs = [10, 40, 160, 640];

const remedies: Readonly<Record<string, string>> = {
  ENOSPC: 'free some space and resume',
  EDQUOT: 'the quota of this user is used up: free some space and resume',
  EMFILE: 'this process may open too few files: raise the limit (ulimit -n 65536) and resume',
  ENFILE: 'this machine has too many files open: end other programs, or raise fs.file-max, and resume',
  EACCES: 'give this user the permission',
  EPERM: 'give this user the permission',
  EROFS: 'the file system is mounted read-only',
  EBUSY: 'another program still uses it (on a network drive, of any machine): end that and resume',
  ENOTEMPTY: 'another program still writes there (on a network drive, of any machine): end that and resume',
  EIO: 'look at the disk or the mount, then resume',
  ESTALE: 'look at the mount of the network drive, then resume',
};

export function errorCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

/** Whether `error` says that there is nothing of that name. */
export function saysMissing(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** Calls the file system; faults that may pass are tried again for about a second. @throws what it threw last */
export function persist<T>(call: () => T): T {
  for (const pauseMs of pausesMs) {
    try {
      return timedFile(call);
    } catch (error) {
      if (!passing.has(errorCode(error) ?? '')) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
    }
  }
  return timedFile(call);
}

/** What the file system threw, with what to do; anything else is given back as it is. */
export function storageError(path: string, what: string, error: unknown): unknown {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return error;
  const remedy = remedies[code] === undefined ? '' : `; ${remedies[code]}`;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new MachineError(full ? 'disk-full' : 'storage', `${path}: ${what}: ${message}${remedy}`, {
    file: path,
    cause: error,
  });
}
