/** Section files of a run's folder. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { MachineError, PartialError } from '../../base/errors.ts';
import { writeWhole } from '../../base/write-whole.ts';
import { encodeSections, type NamedSection, SectionFile } from './section-file.ts';

/** Writes a file of sections. */
export function writeSections(
  path: string,
  about: object,
  sections: readonly NamedSection[],
  deflate: boolean,
): void {
  writeWhole(path, encodeSections(about, sections, deflate));
}

/** Reads from a file; it is closed afterwards. @throws PartialError for one that is missing or torn */
export function withSections<T>(path: string, use: (file: SectionFile) => T): T {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new PartialError('shard-missing', `${path} is missing`, { file: path, cause: error });
    }
    throw new MachineError('storage', `${path}: ${(error as Error).message}`, { file: path, cause: error });
  }
  try {
    return use(
      new SectionFile({
        path,
        byteLength: fstatSync(fd).size,
        read: (position, target) => {
          let done = 0;
          while (done < target.length) {
            const count = readSync(fd, target, done, target.length - done, position + done);
            if (count === 0) break;
            done += count;
          }
          return done;
        },
      }),
    );
  } finally {
    closeSync(fd);
  }
}
