/** A run from the submitter's side: the folder and the planner's job are made, then it may watch, collect or leave. */
import { hostname, userInfo } from 'node:os';
import { resolve } from 'node:path';
import { ReplaySubject } from 'rxjs';
import { UsageError } from '../../base/errors.ts';
import { makeFolder } from '../../base/make-folder.ts';
import { readAuditSummary } from '../../run/audit/report.ts';
import { enterFolder, hasWholeRecords } from '../../run/enter-run.ts';
import { OutFolder } from '../../run/out-folder.ts';
import { readText } from '../../run/records.ts';
import { runIdFile } from '../../run/result-files.ts';
import { nothingDone } from '../../run/run-events.ts';
import type { RunFolder } from '../../run/run-folder.ts';
import type { RunProgress, RunReport, RunRequest, StartedRun } from '../../run/types.ts';
import { resolveSettings } from '../../settings/resolve-settings.ts';
import { collect } from './collect-results.ts';
import { connectNow, placeOf } from './connection.ts';
import { Control } from './control.ts';
import { checkKeepsJobs } from './eviction.ts';
import { followRun } from './follow-run.ts';
import { isRunId, newRunId } from './jobs.ts';
import { openPlaces } from './places.ts';
import { queueVersion } from './queue-version.ts';
import { openMonitor } from './redis-monitor.ts';
import { findRequest, writeRecord } from './run-record.ts';

/** A submitter gives up when nothing has moved for so long. */
const defaultPatienceMs = 30 * 60_000;

export interface SubmitRequest extends RunRequest {
  /** 1 is the most urgent. */
  readonly priority: number;
  /** Whoever waits for the results gives up when nothing has moved for so long; 30 minutes by default. */
  readonly patienceMs?: number;
}

/** Makes a run, or goes on with the one that `outDir` names. @returns its id and what was decided */
export function submitRun(request: SubmitRequest): Promise<{ run: string; notes: readonly string[] }> {
  return withOut(request, (out) => submit(request, out));
}

/** Does something with `outDir` as its owner. */
async function withOut<T>({ out, outDir }: SubmitRequest, work: (out: OutFolder) => Promise<T>): Promise<T> {
  if (out !== undefined) return work(out);
  makeFolder(resolve(outDir));
  const owned = OutFolder.own(outDir);
  try {
    return await work(owned);
  } finally {
    owned.release();
  }
}

async function submit(
  request: SubmitRequest,
  out: OutFolder,
): Promise<{ run: string; notes: readonly string[] }> {
  const { cases, config, resume, warnings, priority } = request;
  if (cases.length === 0)
    throw new UsageError('no-cases', 'there is no case to score', { field: 'manifest' });
  const { settings, notes } = await resolveSettings(config, cases);
  const redis = await connectNow(config.redis);
  try {
    await checkKeepsJobs(redis, placeOf(config.redis.url));
    const places = openPlaces(config.redis.workRoot, { make: true });
    const control = new Control(redis, config.redis.prefix, places);
    if (resume) out.checkLinkable();
    const before = resume ? runOf(out) : undefined;
    const isThere = before !== undefined && places.start(before) > 0;
    const run = isThere ? before : newRunId();
    if (!isThere || !(await goesOn(run, control, places.newFolder(run)))) {
      const folder = places.startAgain(run);
      enterFolder(folder, settings, cases, isThere);
      writeRecord(folder, {
        createdAt: findRequest(folder)?.createdAt ?? Date.now(),
        priority,
        base: process.cwd(),
        config,
        warnings,
        queue: queueVersion,
        startedBy: whoAsks(),
      });
      out.store.put(runIdFile, [Buffer.from(`${run}\n`)]);
      if (isThere) await control.resume(run, folder);
      else await control.begin(run);
    }
    await control.close();
    return { run, notes };
  } finally {
    redis.disconnect();
  }
}

/** A planner without the records of its run fails sooner. */
const attemptMs = 30_000;

/** Whether the run needs no new start. One that waits for records that it lost needs one: only a submitter can write them anew. */
async function goesOn(run: string, control: Control, folder: RunFolder): Promise<boolean> {
  if (!(await control.isGoing(run))) return false;
  const isWhole = findRequest(folder) !== undefined && hasWholeRecords(folder);
  return isWhole || !(await control.takeBack(run, attemptMs));
}

/** Submits a run, shows how far it is and collects its results. Aborting leaves it to the workers. */
export function scoreOnRedis(request: SubmitRequest): StartedRun {
  const progress = new ReplaySubject<RunProgress>(1);
  const done = withOut(request, (out) => follow(request, out, (snapshot) => progress.next(snapshot)));
  done.then(
    () => progress.complete(),
    (error) => progress.error(error),
  );
  return { progress, done };
}

async function follow(
  request: SubmitRequest,
  out: OutFolder,
  emit: (progress: RunProgress) => void,
): Promise<RunReport> {
  const { config, outDir, signal, warnings } = request;
  const { run, notes } = await submit(request, out);
  const { url: redisUrl, prefix, workRoot } = config.redis;
  const monitor = openMonitor({ redisUrl, prefix, workRoot });
  try {
    for (const note of [`run ${run}`, ...notes]) emit({ ...nothingDone(request.cases.length), note });
    const folder = openPlaces(workRoot).folder(run);
    const finished = await followRun({
      ...{ monitor, run, folder, signal, emit },
      redisPlace: placeOf(redisUrl),
      patienceMs: request.patienceMs ?? defaultPatienceMs,
      start: nothingDone(request.cases.length),
    });
    const results = collect(folder, out);
    const audit = readAuditSummary(out.store);
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

/** The run that an earlier start left in `outDir`. */
function runOf(out: OutFolder): string | undefined {
  const run = readText(out.store, runIdFile)?.trim();
  return run !== undefined && isRunId(run) ? run : undefined;
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
