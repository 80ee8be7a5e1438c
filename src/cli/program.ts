import { Command, CommanderError } from 'commander';
import { DefectError, PartialError } from '../base/errors.ts';
import { namedError } from '../base/named-error.ts';
import { packageVersion } from '../base/package-files.ts';
import { redisFault } from '../engines/redis/redis-faults.ts';
import type { DefineCommand } from './commands/command.ts';
import { commands } from './commands/index.ts';
import { plainText } from './plain-text.ts';
import { printObject } from './print-object.ts';
import type { Terminal } from './terminal.ts';

const description = 'Exact segmentation scores over whole archives of volumes.';
const exitHelp = `
Exit status: 0 all scored, 1 some cases failed, 2 nothing could run, 3 a rule of --fail-if was broken.`;

/**
 * Runs one command line (without the program's name) and gives the exit status. Every expected failure ends as a
 * message on `terminal.error`; only defects of the program show a stack.
 */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<number> {
  let status = 0;
  const program = new Command('voxtally')
    .description(description)
    .version(packageVersion())
    .addHelpText('after', exitHelp);
  for (const define of wanted(args)) {
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
    return await describe(error, args.includes('--json'), terminal);
  }
}

/** The definition of the command that is named; of all where a mistake or the help lists them. */
function wanted([name = '']: readonly string[]): readonly DefineCommand[] {
  return Object.hasOwn(commands, name) ? [commands[name]!] : Object.values(commands);
}

function commandPath(command: Command): string[] {
  return command.parent ? [...commandPath(command.parent), command.name()] : [command.name()];
}

/** Tells of a failure; for programs (`--json`) also as an object on `out`. */
async function describe(error: unknown, json: boolean, terminal: Terminal): Promise<number> {
  // Commander has written its message already; --help and --version arrive here with status 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const fault = redisFault(error, 'the address given') ?? namedError(error);
  const { code, place } = fault;
  const message =
    fault instanceof PartialError ? `${fault.message}; ${await remedyOf(fault)}` : fault.message;
  terminal.error(`voxtally: ${plainText(message)}\n`);
  if (fault instanceof DefectError) terminal.error(`${fault.trace}\n`);
  if (json) {
    const facts = { code, message, ...place };
    printObject(terminal, 'failure', { exitStatus: 2, error: facts });
  }
  return 2;
}

/** Runs make what they do not believe again, so it can only be a question that it stopped. */
async function remedyOf({ place }: PartialError): Promise<string> {
  const { isMeasuredAgain } = await import('../run/shapes.ts');
  const again = isMeasuredAgain(place.record)
    ? 'the same score with --resume measures its case again'
    : 'score the run again with --overwrite';
  return `${again}; or copy its folder again if it comes from elsewhere`;
}
