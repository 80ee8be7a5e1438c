/** The one way in which tests score cases, and what they look at then. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ManifestCase } from '../../src/cases/types.ts';
import { scoreRun } from '../../src/engines/score-run.ts';
import type { CaseResult, ScoredCaseResult } from '../../src/results/document.ts';
import { ownerFolder } from '../../src/run/lease.ts';
import { sizeOfRun } from '../../src/run/plan/run-size.ts';
import type { RunReport, RunRequest } from '../../src/run/types.ts';
import { type ConfigInput, configSchema } from '../../src/settings/schema.ts';
import { ThreadPool } from '../../src/threads/thread-pool.ts';

const threads = 2;
let sharedThreads: ThreadPool | undefined;
const sharedBy = new Set<string>();

export function pair(id: string, prediction: string, reference: string): ManifestCase {
  return { id, predictions: [prediction], reference };
}

export function request(
  cases: readonly ManifestCase[],
  config: ConfigInput,
  outDir: string,
  more: Partial<RunRequest> = {},
): RunRequest {
  return {
    cases,
    config: configSchema.parse({ threads, ...config }),
    outDir,
    resume: false,
    signal: new AbortController().signal,
    warnings: [],
    ...more,
  };
}

/**
 * Scores into `outDir`. Runs that name no number of threads share two, which take far longer to start than so small a run takes;
 * tiny ones have none, as everywhere.
 */
export async function score(
  cases: readonly ManifestCase[],
  config: ConfigInput,
  outDir: string,
  more: Partial<RunRequest> = {},
): Promise<RunReport> {
  const shares =
    config.threads === undefined && maySharedThreadsEnter(outDir) && !(await sizeOfRun(cases)).isTiny;
  if (shares) sharedThreads ??= new ThreadPool(threads);
  return scoreRun({
    ...request(cases, config, outDir, more),
    ...(shares ? { pool: sharedThreads! } : {}),
  }).done;
}

/** Threads know a run by its folder and the number of its owner, which starts anew in a folder that was removed. */
function maySharedThreadsEnter(outDir: string): boolean {
  const path = resolve(outDir);
  const isNew = !sharedBy.has(path);
  sharedBy.add(path);
  return isNew || existsSync(join(path, ownerFolder));
}

/** The result files that two runs of the same must share byte for byte; null for those that were not asked for. */
export function resultFiles(outDir: string): Record<string, string | null> {
  const read = (name: string) => readFileSync(join(outDir, name), 'utf8');
  const optional = ['summary.json', 'lesions.csv'].map((name) => [
    name,
    existsSync(join(outDir, name)) ? read(name) : null,
  ]);
  return {
    'results.json': read('results.json'),
    'cases.csv': read('cases.csv'),
    ...Object.fromEntries(optional),
  };
}

/** The result of a case that must have been scored. */
export function scored(result: CaseResult | undefined): ScoredCaseResult {
  if (result?.status !== 'ok') throw new Error(`not scored: ${JSON.stringify(result)}`);
  return result;
}
