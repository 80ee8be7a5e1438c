import { cancelCommand } from './cancel.ts';
import type { DefineCommand } from './command.ts';
import { dashboardCommand } from './dashboard.ts';
import { demoCommand } from './demo.ts';
import { inspectCommand } from './inspect.ts';
import { retryCommand } from './retry.ts';
import { scoreCommand } from './score.ts';
import { statusCommand } from './status.ts';
import { workerCommand } from './worker.ts';

/** Every command, in the order of the help. A new command is one file and one line here. */
export const commands: readonly DefineCommand[] = [
  scoreCommand,
  inspectCommand,
  demoCommand,
  workerCommand,
  statusCommand,
  cancelCommand,
  retryCommand,
  dashboardCommand,
];
