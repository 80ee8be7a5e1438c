import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { auditCase } from '../../src/audit/audit-case.ts';
import { BufferBudget } from '../../src/base/buffer-budget.ts';
import type { ManifestCase } from '../../src/cases/types.ts';
import { CaseWork } from '../../src/engines/case-work.ts';
import type { AuditReport } from '../../src/run/audit/report.ts';
import { auditFile, writeAuditReport } from '../../src/run/audit/report.ts';
import { type ScoredOutcome, storedOutcome } from '../../src/run/case-outcome.ts';
import { enterFolder } from '../../src/run/enter-run.ts';
import { localStore } from '../../src/run/open-store.ts';
import { RunFolder } from '../../src/run/run-folder.ts';
import { resolveSettings } from '../../src/settings/resolve-settings.ts';
import type { ConfigInput } from '../../src/settings/schema.ts';
import { configSchema } from '../../src/settings/schema.ts';
import { type Backend, useBackend } from '../../src/tfjs/backend.ts';
import { StepRunner } from '../../src/threads/thread-steps.ts';
import { SameThreadPool } from '../support/same-thread-pool.ts';

/** Done when all tiles of a case have been scored and nothing has been audited yet. */
export type Tamper = (folder: RunFolder, caseIndex: number) => void | Promise<void>;

/** Scores and audits cases in this very thread, on a backend of choice. */
export async function auditInProcess(
  cases: readonly ManifestCase[],
  config: ConfigInput,
  outDir: string,
  backend: Backend['name'],
  tamper?: Tamper,
): Promise<AuditReport> {
  const { settings } = await resolveSettings(configSchema.parse({ audit: 'all', ...config }), cases);
  const folder = new RunFolder(localStore(join(outDir, 'work')));
  enterFolder(folder, settings, cases, false);
  await useBackend(backend);
  const runner = new StepRunner();
  const pool = new SameThreadPool(1, (step) =>
    step.kind === 'audit-case' ? auditCase(step, backend) : runner.run(step),
  );
  const work = new CaseWork(folder, settings, cases, pool, new BufferBudget(4), () => 2 ** 28);
  const { signal } = new AbortController();
  for (const index of cases.keys()) {
    const plan = await work.plan(index, signal);
    if (plan.mode === 'stream') await work.walk(plan, signal, () => {});
    else for (const bundle of work.missingBundles(plan)) await work.scoreBundle(plan, bundle, signal);
    await tamper?.(folder, index);
    await work.reduce(plan, false, signal);
  }
  const scored = [...cases.keys()].map((index) => storedOutcome(folder, index) as ScoredOutcome);
  writeAuditReport(localStore(outDir), folder, settings.audit!, cases, scored);
  return JSON.parse(readFileSync(join(outDir, auditFile), 'utf8')) as AuditReport;
}
