import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AuditStep } from '../../src/audit/audit-case.ts';
import type { ManifestCase } from '../../src/cases/types.ts';
import { executeRun } from '../../src/cli/execute-run.ts';
import type { WrittenRun } from '../../src/engines/finish-run.ts';
import { scoreRun } from '../../src/engines/score-run.ts';
import { openFinishedRun } from '../../src/questions/ask/finished-run.ts';
import { curves } from '../../src/questions/curves/curves.ts';
import { type ConfigInput, configSchema } from '../../src/settings/schema.ts';
import type { Step } from '../../src/threads/steps.ts';
import { type StepResults, ThreadPool } from '../../src/threads/thread-pool.ts';
import { writeReport } from '../../src/web/report/write-report.ts';
import { logit, probability, writeCase } from '../support/made-up-cases.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { recorder } from './recorder.ts';

const path = temporaryFolder();

function madeUp(folder: string, count: number, score = probability): Promise<ManifestCase[]> {
  return Promise.all(
    Array.from({ length: count }, (_, i) =>
      writeCase({ folder: path(folder), id: `c${i}`, seed: i + 1, score, shape: [9, 8, 3 + (i % 5)] }),
    ),
  );
}

async function executed(
  cases: readonly ManifestCase[],
  outDir: string,
  config: ConfigInput,
): Promise<string> {
  const { terminal, written } = recorder();
  const request = { cases, config: configSchema.parse(config), outDir, resume: false, warnings: [] };
  const report = await executeRun(request, terminal, { quiet: false, json: false });
  expect(report?.exitStatus).toBe(0);
  return written.error;
}

/** Threads whose merges wait a while before they begin. */
class SlowMerges extends ThreadPool {
  readonly merges: Promise<unknown>[] = [];

  override run<S extends Step | AuditStep>(step: S, signal?: AbortSignal): Promise<StepResults[S['kind']]> {
    if (step.kind !== 'merge-range') return super.run(step, signal);
    const merge = setTimeout(20).then(() => super.run(step, signal));
    this.merges.push(merge);
    return merge;
  }
}

describe('a run with its report', () => {
  const config: ConfigInput = { losses: 'all', keepShards: 'always', mergeFanIn: 3 };

  for (const [name, score] of Object.entries({ probability, logit })) {
    test(`has the curves of its pool, the same as those of its cases: ${name}`, async () => {
      // Enough cases for merges of merges, and some that stand alone.
      const cases = await madeUp(`of-${name}`, 11, score);
      const outDir = path(`pool-${name}`);
      await executed(cases, outDir, { ...config, scores: name as 'probability' });
      const html = readFileSync(join(outDir, 'report.html'), 'utf8');
      expect(html).toContain('id="curve-plots"');
      expect(readFileSync(await writeReport(outDir), 'utf8')).toBe(html);
      expect(readdirSync(join(outDir, 'work'))).not.toContain('pool');
    });
  }

  test('has merged shards at its end, of which curves are the same to the last bit', async () => {
    const cases = await madeUp('merged', 11);
    const outDir = path('merged-run');
    const options = { classes: ['foreground'], maxPoints: 300 };
    let files = 0;
    let pooled: unknown;
    await scoreRun({
      cases,
      config: configSchema.parse({ ...config, threads: 2 }),
      outDir,
      resume: false,
      signal: new AbortController().signal,
      warnings: [],
      onWritten: async ({ shards, ...run }, pool) => {
        files = shards.length;
        pooled = await curves({ ...run, cases, outDir }, { ...options, pooled: { pool, shards } });
      },
    }).done;
    expect(files).toBeLessThan(cases.length);
    expect(pooled).toEqual(await curves(openFinishedRun(outDir), options));
  });

  test('that is resumed after its end has merged shards that stay while its report is made', async () => {
    const cases = await madeUp('resumed', 12);
    const outDir = path('resumed-run');
    const request = {
      ...{ cases, outDir, warnings: [] },
      config: configSchema.parse({ ...config, mergeFanIn: 2, threads: 2 }),
      signal: new AbortController().signal,
    };
    await scoreRun({ ...request, resume: false }).done;
    // Merges take longer than all that a run does beside them.
    const slow = new SlowMerges(2);
    onTestFinished(() => slow.close());
    const seen: string[][] = [];
    const missing = ({ folder, shards }: WrittenRun) =>
      shards.map(({ name }) => name).filter((name) => !folder.store.has(name));
    await scoreRun({
      ...request,
      resume: true,
      pool: slow,
      onWritten: async (written) => {
        seen.push(missing(written));
        await Promise.all(slow.merges);
        seen.push(missing(written));
      },
    }).done;
    expect(slow.merges.length).toBeGreaterThan(0);
    expect(seen).toEqual([[], []]);
    expect(readdirSync(join(outDir, 'work'))).not.toContain('pool');
  });

  test('is said to lack it when the report cannot be written, and ends well', async () => {
    const cases = await madeUp('lost', 2);
    const outDir = path('lost-run');
    const { terminal, written } = recorder();
    const request = { cases, config: configSchema.parse(config), outDir, resume: false, warnings: [] };
    // A folder is in the place of the report.
    mkdirSync(join(outDir, 'report.html'), { recursive: true });
    const report = await executeRun(request, terminal, { quiet: false, json: false });
    expect(report?.exitStatus).toBe(0);
    expect(written.error).toMatch(/report.html was not written/);
    expect(readdirSync(join(outDir, 'work'))).not.toContain('pool');
  });
});

describe('a tiny run, which starts no thread', () => {
  const filesOf = (folder: string) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /results|\.csv|\.shard|cases\/.*json|report/.test(name))
      .sort()
      .map((name) => [name, readFileSync(join(folder, name), 'latin1')] as const);

  test('writes the bytes that threads write', async () => {
    // With many others, a case is done by threads; its own files are the same.
    const cases = await madeUp('tiny', 6);
    await executed(cases.slice(0, 1), path('own'), { losses: 'all', keepShards: 'always' });
    await executed(cases, path('threads'), { losses: 'all', keepShards: 'always' });
    const own = filesOf(path('own', 'work'));
    const threads = new Map(filesOf(path('threads', 'work')));
    expect(own.length).toBeGreaterThan(1);
    for (const [name, bytes] of own) expect(threads.get(name), name).toBe(bytes);
  });

  test('tells of a case that cannot be scored as threads do', async () => {
    const [first] = await madeUp('bad', 1, () => 1.5);
    const { terminal } = recorder();
    const config = configSchema.parse({ scores: 'probability' });
    const request = { cases: [first!], config, outDir: path('bad-run'), resume: false, warnings: [] };
    const report = await executeRun(request, terminal, { quiet: true, json: true });
    expect(report?.results.cases[0]).toMatchObject({ status: 'failed', error: { code: 'out-of-range' } });
  });

  test('stops when it is asked to', async () => {
    const cases = await madeUp('stopped', 1);
    const abort = new AbortController();
    const run = scoreRun({
      cases,
      config: configSchema.parse({ tile: { shape: [1, 1, 1] } }),
      outDir: path('stopped-run'),
      resume: false,
      signal: abort.signal,
      warnings: [],
    });
    run.progress.subscribe({ next: ({ tilesDone }) => tilesDone > 0 && abort.abort(), error: () => {} });
    await expect(run.done).rejects.toThrow(/abort/);
  });
});
