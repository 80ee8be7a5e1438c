/** How long this thread has waited for files: a clock read before and after each call costs a ten-thousandth of the call. */
import { clockMs } from './clock.ts';

let waitedMs = 0;

/** Calls the file system, and counts how long that takes. */
export function timedFile<T>(call: () => T): T {
  const begin = clockMs();
  try {
    return call();
  } finally {
    waitedMs += clockMs() - begin;
  }
}

/** Milliseconds so far. */
export function fileMs(): number {
  return waitedMs;
}
