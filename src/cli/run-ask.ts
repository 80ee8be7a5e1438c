import { type AskOptions, ask } from '../questions/ask/ask.ts';
import { openFinishedRun } from '../questions/ask/finished-run.ts';
import type { Question } from '../questions/ask/question.ts';
import { NnunetSummary } from '../results/nnunet-summary.ts';
import type { TableKind } from '../results/table.ts';
import { lesionList, writeResultFiles } from '../run/write-results.ts';
import { loadConfig } from '../settings/load-config.ts';
import { thresholdDecides } from '../settings/run-settings.ts';
import { shapeQuestions } from '../settings/shape-names.ts';
import { interruptedStatus, interruptible } from './interrupt.ts';
import { prepareOutDir } from './out-dir.ts';
import { settingsFromFlags } from './setting-flags.ts';
import { printTable, tellWarnings } from './table.ts';
import type { Terminal } from './terminal.ts';

export interface AskFlags extends Question {
  readonly threads?: string;
  readonly out?: string;
  readonly format?: string;
  readonly table?: TableKind;
  readonly json?: boolean;
}

/** `voxtally ask`: 1 when some cases of the run have no score, as for `score`. */
export async function runAsk(folder: string, flags: AskFlags, terminal: Terminal): Promise<number> {
  const { threads, out, format: formats, table, json, ...rest } = flags;
  const question: Question = { ...rest, ...shapeFlags(flags) };
  const run = openFinishedRun(folder);
  const { format } = loadConfig({ flags: { format: formats } });
  const answer = await interrupting(terminal, threads, (options) => ask(run, question, options));
  if (answer === undefined) return interruptedStatus;
  const { results, outcome, settings } = answer;
  if (question.threshold !== undefined && !thresholdDecides(settings)) {
    terminal.error(`--threshold changes nothing here: the decision is by ${results.decision}\n`);
  }
  if (out !== undefined) {
    const folder = prepareOutDir(out, { resume: false, overwrite: false });
    const lesions = lesionList(answer.settings, results, answer.shapes);
    writeResultFiles(folder.store, NnunetSummary.of(outcome), results, format, lesions);
    folder.release();
  }
  tellWarnings(results, terminal);
  if (json) terminal.out(`${JSON.stringify(results)}\n`);
  else {
    printTable(results, table ?? (question.losses === undefined ? 'metrics' : 'all'), terminal);
    if (out !== undefined) terminal.out(`\nWritten to ${out}.\n`);
  }
  return results.cases.every(({ status }) => status === 'ok') ? 0 : 1;
}

/** What the flags ask of borders and lesions. */
function shapeFlags(flags: AskFlags): Question {
  const given = settingsFromFlags(flags as Readonly<Record<string, unknown>>, {});
  return Object.fromEntries(shapeQuestions.flatMap((name) => (name in given ? [[name, given[name]]] : [])));
}

/** Runs work that an interrupt ends; undefined when it did. `threads` is checked as the setting of that name. */
export async function interrupting<T>(
  terminal: Terminal,
  threads: string | undefined,
  work: (options: Pick<AskOptions, 'threads'> & { readonly signal: AbortSignal }) => Promise<T>,
): Promise<T | undefined> {
  const config = loadConfig({ flags: { threads } });
  const count = config.threads === 'auto' ? {} : { threads: config.threads };
  return interruptible(
    () => terminal.error('\nStopping.\n'),
    async (signal) => {
      try {
        return await work({ ...count, signal });
      } catch (error) {
        if (signal.aborted) return undefined;
        throw error;
      }
    },
  );
}
