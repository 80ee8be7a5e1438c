/** A run from the submitter's side: the folder and the planner's job are made, then it may watch, collect or leave. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { ReplaySubject } from 'rxjs';
import { UsageError } from '../../base/errors.ts';
import { writeText } from '../../base/write-whole.ts';
import type { ResultsDocument } from '../../results/document.ts';
import { readResults } from '../../results/read.ts';
import { readAuditSummary } from '../../run/audit/report.ts';
import { enterFolder } from '../../run/enter-run.ts';
import { resultFiles } from '../../run/result-files.ts';
import type { RunFolder } from '../../run/run-folder.ts';
import type { RunProgress, RunReport, RunRequest, StartedRun } from '../../run/types.ts';
import { resolveSettings } from '../../settings/resolve-settings.ts';
import { connectNow, placeOf } from './connection.ts';
import { Control } from './control.ts';
import { followRun } from './follow-run.ts';
import { isRunId, newRunId } from './jobs.ts';
import { type Places, SharedFolders } from './places.ts';
import { openMonitor } from './redis-monitor.ts';
import { linkState, readRecord, resultsFolder, writeRecord } from './run-record.ts';

/** The file in `--out` that names the run, for `--resume`. */
export const runIdFile = 'run-id.txt';
/** A submitter gives up when nothing has moved for so long. */
const defaultPatienceMs = 30 * 60_000;

export interface SubmitRequest extends RunRequest {
  /** 1 is the most urgent. */
  readonly priority: number;
  /** Whoever waits for the results gives up when nothing has moved for so long; 30 minutes by default. */
  readonly patienceMs?: number;
}

/** Makes a run, or goes on with the one that `outDir` names. @returns its id and what was decided */
export async function submitRun(request: SubmitRequest): Promise<{ run: string; notes: readonly string[] }> {
  const { cases, config, outDir, resume, warnings, priority } = request;
  if (cases.length === 0)
    throw new UsageError('no-cases', 'there is no case to score', { field: 'manifest' });
  const { settings, notes } = await resolveSettings(config, cases);
  const redis = await connectNow(config.redis);
  try {
    const places: Places = new SharedFolders(config.redis.workRoot);
    const control = new Control(redis, config.redis.prefix, places);
    const before = resume ? runOf(outDir) : undefined;
    const run = before ?? newRunId();
    const folder = places.newFolder(run);
    const goingOn = before !== undefined && existsSync(join(folder.root, 'settings.json'));
    if (!goingOn || !(await control.isGoing(run))) {
      enterFolder(folder, settings, cases, goingOn);
      const createdAt = goingOn ? readRecord(folder).createdAt : Date.now();
      writeRecord(folder, {
        createdAt,
        priority,
        base: process.cwd(),
        config,
        warnings,
        startedBy: whoAsks(),
      });
    }
    writeText(join(outDir, runIdFile), `${run}\n`);
    if (goingOn) await control.resume(run);
    else await control.begin(run);
    await control.close();
    return { run, notes };
  } finally {
    redis.disconnect();
  }
}

/** Submits a run, shows how far it is and collects its results. Aborting leaves it to the workers. */
export function scoreOnRedis(request: SubmitRequest): StartedRun {
  const progress = new ReplaySubject<RunProgress>(1);
  const done = follow(request, (snapshot) => progress.next(snapshot));
  done.then(
    () => progress.complete(),
    (error) => progress.error(error),
  );
  return { progress, done };
}

async function follow(request: SubmitRequest, emit: (progress: RunProgress) => void): Promise<RunReport> {
  const { config, outDir, signal, warnings } = request;
  const { run, notes } = await submitRun(request);
  const { url: redisUrl, prefix, workRoot } = config.redis;
  const monitor = openMonitor({ redisUrl, prefix, workRoot });
  try {
    for (const note of [`run ${run}`, ...notes]) emit({ ...nothingDone(request), note });
    const folder = new SharedFolders(workRoot).folder(run);
    const finished = await followRun({
      ...{ monitor, run, folder, signal, emit },
      redisPlace: placeOf(redisUrl),
      patienceMs: request.patienceMs ?? defaultPatienceMs,
      start: nothingDone(request),
    });
    const results = collect(folder, outDir);
    const audit = readAuditSummary(outDir);
    const scored = results.cases.every(({ status }) => status === 'ok');
    return {
      exitStatus: scored && audit?.passed !== false ? 0 : 1,
      results,
      outDir,
      notes: [...warnings, ...notes, ...finished.notes],
      seconds: finished.seconds,
      ...(audit ? { audit } : {}),
    };
  } finally {
    await monitor.close();
  }
}

function nothingDone({ cases }: SubmitRequest): RunProgress {
  return {
    stage: 'plan',
    casesTotal: cases.length,
    casesDone: 0,
    casesFailed: 0,
    tilesTotal: 0,
    tilesDone: 0,
    voxelsDone: 0,
    bytesRead: 0,
  };
}

/** Copies the result files, each whole or not at all, and links the run's state, so that it can be asked. */
function collect(folder: RunFolder, outDir: string): ResultsDocument {
  mkdirSync(outDir, { recursive: true });
  linkState(folder.root, outDir);
  for (const name of resultFiles) {
    const source = join(resultsFolder(folder), name);
    if (!existsSync(source)) continue;
    const temporary = join(outDir, `${name}.tmp`);
    copyFileSync(source, temporary);
    renameSync(temporary, join(outDir, name));
  }
  return readResults(outDir);
}

/** The run that an earlier start left in `outDir`. */
function runOf(outDir: string): string | undefined {
  const file = join(outDir, runIdFile);
  if (!existsSync(file)) return undefined;
  const run = readFileSync(file, 'utf8').trim();
  return isRunId(run) ? run : undefined;
}

/** User and host, as people of one site know each other. */
function whoAsks(): string {
  const name = (() => {
    try {
      return userInfo().username;
    } catch {
      // A user without an entry, as containers run with.
      return `user ${process.getuid?.() ?? 'unknown'}`;
    }
  })();
  return `${name} on ${hostname()}`;
}
