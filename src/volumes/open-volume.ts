/**
 * The one place that opens volumes. Between the check of a path and its opening somebody may put another file there, so
 * what counts is the file that was opened.
 */
import { close, closeSync, constants, open, openSync, read, readSync } from 'node:fs';

/** @throws when this file, opened from that path, must not be read. */
export type CheckOpened = (fd: number, path: string) => void;

let check: CheckOpened = () => {};

/** From now on this thread reads only what passes `checkOpened`. */
export function guardVolumes(checkOpened: CheckOpened): void {
  check = checkOpened;
}

/** A named pipe that was put in the place of a volume would otherwise wait for a writer. */
const flags = constants.O_RDONLY | constants.O_NONBLOCK;

export function openVolumeSync(path: string): number {
  const fd = openSync(path, flags);
  try {
    check(fd, path);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Reads a file from its start until `target` is full or the file ends; returns how many bytes that are. */
export function readStartSync(file: number, target: Uint8Array): number {
  let filled = 0;
  while (filled < target.length) {
    const count = readSync(file, target, filled, target.length - filled, filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

/** What `createReadStream` opens a volume with. */
export const volumeStreams = {
  fs: {
    open(
      path: string,
      _flags: unknown,
      _mode: unknown,
      callback: (error: unknown, fd?: number) => void,
    ): void {
      open(path, flags, (error, fd) => {
        if (error) return callback(error);
        try {
          check(fd, path);
        } catch (refusal) {
          return close(fd, () => callback(refusal));
        }
        callback(null, fd);
      });
    },
    read,
    close,
  },
};
