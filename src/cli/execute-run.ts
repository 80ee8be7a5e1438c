import type { ScoreRunRequest } from '../engines/score-run.ts';
import type { Rule } from '../questions/rules/rule.ts';
import type { RunReport, RunRequest, StartedRun } from '../run/types.ts';
import type { EndingRun } from '../web/report/write-report.ts';
import { interruptible } from './interrupt.ts';
import { quietDisplay, showProgress } from './progress.ts';
import { type Printed, printReport, type RuledReport } from './report.ts';
import { applyRules, tellBroken } from './rules.ts';
import type { Terminal } from './terminal.ts';

export interface RunDisplay extends Printed {
  /** No progress, notes or warnings; errors and results stay. */
  readonly quiet: boolean;
  readonly rules?: readonly Rule[];
}

/** An engine as the command line sees it. One that has the shards at hand when the results are written may say so. */
export interface RunStarter {
  readonly start: (request: ScoreRunRequest) => StartedRun;
  /** What an interrupt means for the run. */
  readonly onInterrupt: string;
}

/** Scores, shows how far it is, prints the results, and gives the report; undefined when it was interrupted. */
export async function executeRun(
  request: Omit<RunRequest, 'signal'>,
  terminal: Terminal,
  { quiet, rules = [], ...printed }: RunDisplay,
  engine?: RunStarter,
): Promise<RuledReport | undefined> {
  const { start, onInterrupt } = engine ?? (await embedded());
  const announce = () => terminal.error(`\n${onInterrupt}; interrupt again to stop at once.\n`);
  const report = await interruptible(announce, async (signal): Promise<RunReport | undefined> => {
    let reported = false;
    const { progress, done } = start({
      ...request,
      signal,
      onWritten: async (written, pool) => {
        const { folder, settings, pooledLovasz, results, shards, lesions } = written;
        const { cases, outDir } = request;
        const ending: EndingRun = {
          ...{ folder, settings, pooledLovasz, results, cases, outDir, pooled: { pool, shards }, lesions },
          get outcomes() {
            return written.outcomes;
          },
        };
        await addReport(request.outDir, signal, display.say, ending);
        reported = true;
      },
    });
    const display = quiet ? quietDisplay() : showProgress(progress, terminal);
    for (const warning of request.warnings) display.say(`warning: ${warning}`);
    try {
      const finished = await done;
      for (const note of finished.notes) if (!request.warnings.includes(note)) display.say(note);
      if (!reported) await addReport(finished.outDir, signal, display.say);
      return finished;
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    } finally {
      display.stop();
    }
  });
  if (report === undefined) return undefined;
  const ruled = { ...report, ...applyRules(rules, report.results, report.exitStatus) };
  printReport(ruled, request.warnings, printed, terminal);
  tellBroken(ruled, terminal);
  return ruled;
}

/** The results stand already: whatever keeps the report from being written is told, and fails nothing. */
async function addReport(
  outDir: string,
  signal: AbortSignal,
  say: (text: string) => void,
  ending?: EndingRun,
): Promise<void> {
  const { writeReport } = await import('../web/report/write-report.ts');
  try {
    await writeReport(outDir, { signal, ...(ending && { ending }) });
  } catch (error) {
    const why = signal.aborted ? 'interrupted' : error instanceof Error ? error.message : String(error);
    say(`report.html was not written (${why}); voxtally report ${outDir} makes it`);
  }
}

async function embedded(): Promise<RunStarter> {
  const { scoreRun } = await import('../engines/score-run.ts');
  return { start: scoreRun, onInterrupt: 'Stopping. The same command with --resume goes on from here' };
}
