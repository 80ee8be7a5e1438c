/** Faults of the operating system and defects as errors of this package. */
import { DefectError, MachineError, UsageError, VoxtallyError } from './errors.ts';

/**
 * Any error as one of this package: what the operating system refuses and memory that cannot be allocated are faults of the
 * machine, everything else that has no name here is a defect of the program.
 */
export function namedError(error: unknown): VoxtallyError {
  if (error instanceof VoxtallyError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  if (syscall === 'uv_cwd') {
    return new UsageError(
      'working-folder-gone',
      'the working folder is gone; change into one that is there',
      {
        cause: error,
      },
    );
  }
  if (typeof code === 'string' && syscall !== undefined) return systemFault(code, text, path, error);
  if (/allocat|out of memory|Invalid (string|array buffer) length/i.test(text)) {
    return new MachineError(
      'memory',
      `memory could not be allocated (${text}); give the run less --memory or --threads, or the machine more memory`,
      { cause: error },
    );
  }
  const trace = error instanceof Error ? (error.stack ?? text) : text;
  return new DefectError(`a defect of voxtally: ${text}; please report it with the log`, {
    trace,
    cause: error,
  });
}

/** What to do when the operating system refuses something. */
const remedies: Readonly<Record<string, string>> = {
  ENOSPC: 'free some space and resume',
  EDQUOT: 'free some of your quota and resume',
  EMFILE: 'allow more open files (ulimit -n 1024)',
  ENFILE: 'the whole machine has too many open files; end other programs',
  EACCES: 'give this user the permission; a umask that forbids it counts too',
  EPERM: 'give this user the permission',
  EROFS: 'the file system is mounted read-only',
  EIO: 'the disk or mount fails; look at it, then resume',
  ESTALE: 'the network drive has lost it; mount it again, then resume',
  EBUSY: 'something still uses it (on a network drive also what was just closed); try again',
  ENOTEMPTY: 'something still writes there; end it, then try again',
};

function systemFault(code: string, text: string, file: string | undefined, cause: unknown): MachineError {
  const named = code === 'ENOSPC' || code === 'EDQUOT' ? 'disk-full' : 'storage';
  // "EIO: i/o error, read": the code stands first, the path last.
  const remedy = remedies[code];
  return new MachineError(named, remedy === undefined ? text : `${text}: ${remedy}`, {
    ...(file === undefined ? {} : { file }),
    cause,
  });
}
