import { hrtime } from 'node:process';

/** Milliseconds of a clock that only goes forward. What `performance` gives costs a start 3 ms: Node loads it when it is first named. */
export function clockMs(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}
