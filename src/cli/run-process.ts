import { runProgram } from './program.ts';
import { processTerminal } from './terminal.ts';

/** A command that is over may leave a connection to a server that does not answer: it keeps no process alive. */
const lingerMs = 1000;

/** Runs a command line as this process. The status is set and not forced, so that output to a pipe is written to its end. */
export async function runProcess(args: readonly string[]): Promise<void> {
  process.exitCode = await runProgram(args, processTerminal());
  setTimeout(() => process.exit(), lingerMs).unref();
}
