/** Where a command writes. Results go to `out`, everything else to `error`, so that results can be piped. */
export interface Terminal {
  out(text: string): void;
  error(text: string): void;
  /** Whether `error` is a screen that can redraw its last line. */
  readonly live: boolean;
  /** Whether `out` shows colours. */
  readonly color: boolean;
  /** Columns of `out`; infinite where it is not a screen, so that nothing is broken in a file. */
  readonly width: number;
  /** Columns of `error`; by default those of `out`. */
  readonly errorWidth?: number;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const { stdout, stderr, env } = process;
  let told = false;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A reader that has seen enough (`| head`) closes the pipe; that is not a failure of the run.
    if (told || error.code === 'EPIPE') return;
    told = true;
    stderr.write(
      `voxtally: standard output cannot be written (${error.message}); what was written to files is not affected\n`,
    );
    process.once('exit', () => {
      process.exitCode ||= 1;
    });
  });
  // There is nobody left to tell.
  stderr.on('error', () => {});
  return {
    out: (text) => stdout.write(text),
    error: (text) => stderr.write(text),
    live: stderr.isTTY === true && env.TERM !== 'dumb',
    color: stdout.isTTY === true && env.NO_COLOR === undefined,
    width: stdout.isTTY ? Math.max(40, stdout.columns) : Number.POSITIVE_INFINITY,
    errorWidth: Math.max(40, stderr.columns ?? 160),
  };
}
