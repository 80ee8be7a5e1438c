import { askCommand } from './ask.ts';
import { cancelCommand } from './cancel.ts';
import type { DefineCommand } from './command.ts';
import { compareCommand } from './compare.ts';
import { curveCommand } from './curve.ts';
import { dashboardCommand } from './dashboard.ts';
import { demoCommand } from './demo.ts';
import { errorsCommand } from './errors.ts';
import { inspectCommand } from './inspect.ts';
import { lesionsCommand } from './lesions.ts';
import { mergeCommand } from './merge.ts';
import { reportCommand } from './report.ts';
import { retryCommand } from './retry.ts';
import { scoreCommand } from './score.ts';
import { statusCommand } from './status.ts';
import { viewCommand } from './view.ts';
import { workerCommand } from './worker.ts';

/** Every command by its name, in the order of the help. A new command is one file and one line here. */
export const commands: Readonly<Record<string, DefineCommand>> = {
  score: scoreCommand,
  report: reportCommand,
  view: viewCommand,
  ask: askCommand,
  curve: curveCommand,
  errors: errorsCommand,
  lesions: lesionsCommand,
  compare: compareCommand,
  merge: mergeCommand,
  inspect: inspectCommand,
  demo: demoCommand,
  worker: workerCommand,
  status: statusCommand,
  cancel: cancelCommand,
  retry: retryCommand,
  dashboard: dashboardCommand,
};
