import { runProgram } from './program.ts';
import { processTerminal } from './terminal.ts';

/** A command that is over may leave a connection to a server that does not answer: it keeps no process alive. */
const lingerMs = 1000;

/** Runs a command line as this process, and sets its status. */
export async function runProcess(args: readonly string[]): Promise<void> {
  process.exitCode = await runProgram(args, processTerminal());
  setTimeout(() => process.exit(), lingerMs).unref();
}

/**
 * Ends this process where its output is written, which on some systems a pipe does later. By itself it would first take its heap
 * apart, for 10 ms and more.
 */
export async function endProcess(): Promise<void> {
  const { stdout, stderr } = process;
  // Faults of what was written are told by then.
  await new Promise(setImmediate);
  if (stdout.writableLength === 0 && stderr.writableLength === 0) process.exit();
}
