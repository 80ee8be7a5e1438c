import { UsageError } from '../base/errors.ts';
import { takeShard } from '../cases/shard.ts';
import { defaultPriority, maxPriority } from '../engines/redis/priority.ts';
import type { Rule } from '../questions/rules/rule.ts';
import type { TableKind } from '../results/table.ts';
import { localStore } from '../run/open-store.ts';
import { readText } from '../run/records.ts';
import { runIdFile } from '../run/result-files.ts';
import type { RunRequest } from '../run/types.ts';
import { readLabelNames } from '../settings/label-names.ts';
import { loadConfig } from '../settings/load-config.ts';
import { resolveSettings } from '../settings/resolve-settings.ts';
import type { Config } from '../settings/schema.ts';
import { type CaseSource, type GatheredCases, gatherCases } from './cases.ts';
import { interruptedStatus } from './interrupt.ts';
import { type NotifyOptions, type RunEnd, readNotify, withNotice } from './notify/notifier.ts';
import { prepareOutDir } from './out-dir.ts';
import { plainText } from './plain-text.ts';
import { printObject } from './print-object.ts';
import { checkRuleNames, readRules } from './rules.ts';
import { settingsFromFlags } from './setting-flags.ts';
import type { Terminal } from './terminal.ts';

/** The flags of `score` that are not settings. */
export interface ScoreOptions extends CaseSource, NotifyOptions {
  readonly config?: string;
  readonly labelNames?: string;
  readonly resume?: boolean;
  readonly overwrite?: boolean;
  readonly takeOver?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly table?: TableKind;
  readonly dryRun?: boolean;
  readonly detach?: boolean;
  readonly shard?: string;
  readonly priority?: string;
  readonly patience?: string;
  readonly failIf?: readonly string[];
}

/** `voxtally score`, and what it tells at its end. */
export async function runScore(
  options: ScoreOptions,
  terminal: Terminal,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<number> {
  const rules = readRules(options.failIf);
  const target = readNotify(options, env);
  if (options.dryRun) return scoreUnless(options, rules, {}, terminal);
  if (options.detach && (rules.length > 0 || target !== undefined)) {
    throw new UsageError(
      'option-alone',
      '--detach does not wait for the end, which --fail-if and --notify are about: give them to the score --resume that collects the run',
      { field: 'detach' },
    );
  }
  return withNotice(target, options, terminal, (end) => scoreUnless(options, rules, end, terminal));
}

/** Scores, unless something is wrong: everything is checked before the run's folder is touched. */
async function scoreUnless(
  options: ScoreOptions,
  rules: readonly Rule[],
  end: RunEnd,
  terminal: Terminal,
): Promise<number> {
  const config = loadConfig({
    ...(options.config === undefined ? {} : { file: options.config }),
    // What --label-names gives is overridden by flags that say it themselves.
    flags: {
      ...(options.labelNames === undefined ? {} : readLabelNames(options.labelNames)),
      ...settingsFromFlags({ ...options }),
    },
  });
  end.engine = config.engine;
  end.name = config.name;
  if (options.dryRun) {
    const { cases, warnings } = chosenCases(options, config.missingPrediction);
    await checkNames(rules, config, cases);
    const { runDry } = await import('./run-dry.ts');
    const display = { json: options.json === true, quiet: options.quiet === true };
    return runDry(cases, config, warnings, display, terminal);
  }
  if (config.out === null) {
    throw new UsageError('out-missing', 'say where the results go: --out FOLDER', { field: 'out' });
  }
  const queue = {
    priority: readPriority(options, config.engine),
    ...readPatience(options.patience, config.engine),
  };
  const { cases, warnings } = chosenCases(options, config.missingPrediction);
  await checkNames(rules, config, cases);
  const { resume = false, overwrite = false, takeOver = false } = options;
  const out = prepareOutDir(config.out, { resume, overwrite, takeOver });
  try {
    return await scoreInto(
      { cases, config, outDir: config.out, out, resume, warnings },
      options,
      rules,
      queue,
      end,
      terminal,
    );
  } finally {
    if (config.engine === 'redis') end.run = runIdIn(config.out);
    out.release();
  }
}

/** Scores into a folder that is owned, its report included. */
async function scoreInto(
  request: Omit<RunRequest, 'signal'>,
  options: ScoreOptions,
  rules: readonly Rule[],
  queue: { readonly priority: number; readonly patienceMs?: number },
  end: RunEnd,
  terminal: Terminal,
): Promise<number> {
  const { config, warnings } = request;
  // The engine is loaded once there is something to run.
  const { executeRun } = await import('./execute-run.ts');
  const { table } = options;
  const display = { json: options.json === true, quiet: options.quiet === true, table, rules };
  if (config.engine === 'embedded') {
    const report = await executeRun(request, terminal, display);
    Object.assign(end, report && { results: report.results, rules: report.rules });
    return report?.exitStatus ?? interruptedStatus;
  }
  const { scoreOnRedis, submitRun } = await import('../engines/redis/submit.ts');
  if (options.detach) {
    const signal = new AbortController().signal;
    const { run, notes } = await submitRun({ ...request, signal, ...queue });
    for (const note of [...warnings, ...notes]) terminal.error(`${plainText(note)}\n`);
    if (options.json) printObject(terminal, 'submission', { run });
    else terminal.out(`${run}\n`);
    return 0;
  }
  const report = await executeRun(request, terminal, display, {
    start: (started) => scoreOnRedis({ ...started, ...queue }),
    onInterrupt:
      'Leaving; the workers go on with the run. The same command with --resume collects its results, voxtally cancel ends it',
  });
  Object.assign(end, report ? { results: report.results, rules: report.rules } : { goesOn: true });
  return report?.exitStatus ?? interruptedStatus;
}

/** The run on the queue that a folder is of; undefined where nothing was submitted. */
function runIdIn(outDir: string): string | undefined {
  return readText(localStore(outDir), runIdFile)?.trim();
}

/** Rules are about what the settings say that there will be. @throws UsageError */
async function checkNames(rules: readonly Rule[], config: Config, cases: RunRequest['cases']): Promise<void> {
  if (rules.length === 0 || cases.length === 0) return;
  const { settings } = await resolveSettings(config, cases);
  checkRuleNames(rules, settings);
}

function chosenCases(options: ScoreOptions, missingPrediction: Config['missingPrediction']): GatheredCases {
  const gathered = gatherCases(options, missingPrediction);
  if (options.shard === undefined) return gathered;
  return { ...gathered, cases: takeShard(gathered.cases, options.shard) };
}

/** How urgent a run on the queue is; 1 is the most urgent. */
function readPriority({ detach, priority }: ScoreOptions, engine: string): number {
  if (engine === 'embedded' && (detach || priority !== undefined)) {
    throw new UsageError(
      'option-alone',
      '--detach and --priority are of runs on the queue: add --engine redis',
      {
        field: 'engine',
      },
    );
  }
  const value = Number(priority ?? defaultPriority);
  if (Number.isInteger(value) && value >= 1 && value <= maxPriority) return value;
  throw new UsageError(
    'option-value',
    `--priority: given "${priority}"; allowed: an integer from 1 (first) to ${maxPriority}`,
    { field: 'priority' },
  );
}

/** How long a submitter waits while nothing moves. */
function readPatience(text: string | undefined, engine: string): { patienceMs?: number } {
  if (text === undefined) return {};
  if (engine === 'embedded') {
    throw new UsageError('option-alone', '--patience is of runs on the queue: add --engine redis', {
      field: 'engine',
    });
  }
  const minutes = Number(text);
  if (text.trim() !== '' && minutes > 0 && minutes <= 100_000) return { patienceMs: minutes * 60_000 };
  throw new UsageError(
    'option-value',
    `--patience: given "${text}"; allowed: minutes above 0, at most 100000`,
    {
      field: 'patience',
    },
  );
}
