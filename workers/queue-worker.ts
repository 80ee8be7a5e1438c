/** Entry point of a machine of the queue: the same as `voxtally worker`, with its flags. */
import { runProgram } from '../src/cli/program.ts';
import { processTerminal } from '../src/cli/terminal.ts';

process.exitCode = await runProgram(['worker', ...process.argv.slice(2)], processTerminal());
