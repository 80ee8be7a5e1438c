import { Command, CommanderError } from 'commander';
import { VoxtallyError } from '../base/errors.ts';
import { packageVersion } from '../base/package-files.ts';
import { commands } from './commands/index.ts';
import { plainText } from './plain-text.ts';
import type { Terminal } from './terminal.ts';

const description = 'Exact segmentation scores over whole archives of volumes.';
const exitHelp = `
Exit status: 0 all scored, 1 some cases failed, 2 nothing could run.`;

/**
 * Runs one command line (without the program's name) and gives the exit status. Every expected failure ends as a
 * message on `terminal.error`; only faults of the program itself show a stack.
 */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<number> {
  let status = 0;
  const program = new Command('voxtally')
    .description(description)
    .version(packageVersion())
    .addHelpText('after', exitHelp);
  for (const define of commands) {
    program.addCommand(
      define(terminal, (result) => {
        status = result;
      }),
    );
  }
  for (const command of [program, ...program.commands]) {
    command
      .exitOverride()
      .showHelpAfterError(`Try "${[...commandPath(command), '--help'].join(' ')}".`)
      .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.error(text) });
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return status;
  } catch (error) {
    return describe(error, args.includes('--json'), terminal);
  }
}

function commandPath(command: Command): string[] {
  return command.parent ? [...commandPath(command.parent), command.name()] : [command.name()];
}

/** Tells of a failure; for programs (`--json`) also as an object on `out`. */
function describe(error: unknown, json: boolean, terminal: Terminal): number {
  // Commander has written its message already; --help and --version arrive here with status 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const isExpected = error instanceof VoxtallyError;
  const message = error instanceof Error ? error.message : String(error);
  const shown = isExpected ? message : error instanceof Error ? (error.stack ?? message) : message;
  terminal.error(`voxtally: ${plainText(shown)}\n`);
  if (json) {
    const facts = isExpected ? { code: error.code, message, ...error.place } : { code: 'internal', message };
    terminal.out(`${JSON.stringify({ exitStatus: 2, error: facts })}\n`);
  }
  return 2;
}
