import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import type { ManifestCase } from '../../src/cases/types.ts';
import { scoreRun } from '../../src/engines/score-run.ts';
import type { CaseResult, ScoredCaseResult } from '../../src/results/document.ts';
import type { RunReport, RunRequest } from '../../src/run/types.ts';
import { type ConfigInput, configSchema } from '../../src/settings/schema.ts';

/** Path of a golden file. */
export function golden(name: string): string {
  return fileURLToPath(new URL(`../golden/${name}`, import.meta.url));
}

/** A folder of this test file's own, removed after its tests; returns the path of a name in it. */
export function temporaryFolder(): (...names: string[]) => string {
  const folder = mkdtempSync(join(tmpdir(), 'voxtally-run-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return (...names) => join(folder, ...names);
}

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
    config: configSchema.parse({ threads: 2, ...config }),
    outDir,
    resume: false,
    signal: new AbortController().signal,
    warnings: [],
    ...more,
  };
}

export function score(
  cases: readonly ManifestCase[],
  config: ConfigInput,
  outDir: string,
  more: Partial<RunRequest> = {},
): Promise<RunReport> {
  return scoreRun(request(cases, config, outDir, more)).done;
}

/** The result files that two runs of the same must share byte for byte; null where there is none. */
export function resultFiles(outDir: string): Record<string, string | null> {
  const read = (name: string) => {
    try {
      return readFileSync(join(outDir, name), 'utf8');
    } catch {
      return null;
    }
  };
  return Object.fromEntries(
    ['results.json', 'cases.csv', 'summary.json', 'lesions.csv'].map((name) => [name, read(name)]),
  );
}

/** The result of a case that must have been scored. */
export function scored(result: CaseResult | undefined): ScoredCaseResult {
  if (result?.status !== 'ok') throw new Error(`not scored: ${JSON.stringify(result)}`);
  return result;
}
