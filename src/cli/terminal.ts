/** Where a command writes. Results go to `out`, everything else to `error`, so that results can be piped. */
export interface Terminal {
  out(text: string): void;
  error(text: string): void;
  /** Whether `error` is a screen that can redraw its last line. */
  readonly live: boolean;
  /** Whether `out` shows colours. */
  readonly color: boolean;
  /** Columns of the screen. */
  readonly width: number;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const { stdout, stderr, env } = process;
  // A reader that has seen enough (`| head`) closes the pipe; that is no failure of the run.
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  return {
    out: (text) => stdout.write(text),
    error: (text) => stderr.write(text),
    live: stderr.isTTY === true && env.TERM !== 'dumb',
    color: stdout.isTTY === true && env.NO_COLOR === undefined,
    width: Math.max(40, stdout.columns ?? stderr.columns ?? 160),
  };
}
