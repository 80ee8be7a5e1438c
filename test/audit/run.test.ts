/** Whole runs with an audit, in threads of their own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { ManifestCase } from '../../src/cases/types.ts';
import { CaseWork } from '../../src/engines/case-work.ts';
import {
  type AuditReport,
  auditFile,
  readAuditSummary,
  writeAuditReport,
} from '../../src/run/audit/report.ts';
import { type ScoredOutcome, storedOutcome } from '../../src/run/case-outcome.ts';
import { localStore } from '../../src/run/open-store.ts';
import { RunFolder } from '../../src/run/run-folder.ts';
import { writePair } from '../run/volumes.ts';
import { golden } from '../support/golden.ts';
import { pair, resultFiles, score } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { editClass, editTally } from './partial-file.ts';

const folder = temporaryFolder();
const tile = { shape: [16, 16, 3], bundle: 1 } as const;

async function makeCases(name: string): Promise<ManifestCase[]> {
  const cases: ManifestCase[] = [];
  for (const [i, gzip] of [false, true, false].entries()) {
    const end = gzip ? '.nii.gz' : '.nii';
    const entry = pair(`${name}-${i}`, folder(`${name}-${i}${end}`), folder(`${name}-${i}-ref${end}`));
    await writePair(entry.predictions[0]!, entry.reference, { shape: [16, 16, 30], seed: i + 1, gzip });
    cases.push(entry);
  }
  return cases;
}

function auditOf(outDir: string): AuditReport {
  return JSON.parse(readFileSync(join(outDir, auditFile), 'utf8')) as AuditReport;
}

test('results are the same bytes with and without an audit, and a rerun audits the same tiles', async () => {
  const cases = await makeCases('same');
  const plain = await score(cases, { tile }, folder('plain'));
  expect(plain.audit).toBeUndefined();
  expect(readAuditSummary(localStore(folder('plain')))).toBeUndefined();
  const reports: AuditReport[] = [];
  for (const threads of [2, 1]) {
    const outDir = folder(`audited-${threads}`);
    const report = await score(cases, { tile, threads, audit: '20%' }, outDir);
    expect(report.exitStatus).toBe(0);
    expect(report.audit?.sentence).toMatch(
      /^audit: \d+ of 30 tiles computed again on .+: all \d+ values agree/,
    );
    expect(report.notes).toContain(report.audit?.sentence);
    expect(resultFiles(outDir)).toEqual(resultFiles(folder('plain')));
    expect(readAuditSummary(localStore(outDir))).toEqual(report.audit);
    reports.push(auditOf(outDir));
  }
  console.log(reports[0]!.backends.join());
  expect(reports[0]).toEqual(reports[1]);
  expect(reports[0]!.tiles.audited).toBeGreaterThanOrEqual(6);
  expect(new Set(reports[0]!.largest.map((one) => one.case)).size).toBeGreaterThan(1);
});

test('a fault in one tile makes the exit status 1 and leaves the scores', async () => {
  const cases = await makeCases('fault');
  const scoreBundle = CaseWork.prototype.scoreBundle;
  vi.spyOn(CaseWork.prototype, 'scoreBundle').mockImplementation(async function (this: CaseWork, ...args) {
    const done = await scoreBundle.apply(this, args);
    const [{ index }, at] = args;
    if (index === 2 && at === 4) {
      editTally(this.folder.store.pathOf(this.folder.bundle(index, at)), (tally) =>
        editClass(tally, ({ hardTp }) => ({ hardTp: hardTp ^ 1 })),
      );
    }
    return done;
  });
  const report = await score(cases, { tile, audit: 'all' }, folder('fault'));
  expect(report.exitStatus).toBe(1);
  expect(report.results.cases.every(({ status }) => status === 'ok')).toBe(true);
  expect(report.audit?.sentence).toContain('1 of');
  expect(report.audit?.sentence).toContain('the first foreground hard tp in case fault-2, tile 4');
  const audit = auditOf(folder('fault'));
  expect(audit.tiles).toEqual({ audited: 30, of: 30 });
  expect(audit.differences).toEqual([
    expect.objectContaining({ case: 'fault-2', tile: 4, class: 'foreground', quantity: 'hard tp', bound: 0 }),
  ]);
});

test('cases that fail have nothing to audit', async () => {
  const cases = [
    pair('bad', golden('bad_nan.nii'), golden('prob_f32_ref.nii')),
    pair('good', golden('prob_f32.nii'), golden('prob_f32_ref.nii')),
  ];
  const report = await score(cases, { scores: 'probability', audit: 'all' }, folder('bad'));
  expect(report.exitStatus).toBe(1);
  expect(report.audit?.passed).toBe(true);
  expect(auditOf(folder('bad')).tiles).toEqual({ audited: 1, of: 1 });
});

test('a lost record of an audit is no passed audit', async () => {
  const cases = await makeCases('lost');
  await score(cases, { tile, audit: '1' }, folder('lost'));
  const run = new RunFolder(localStore(join(folder('lost'), 'work')));
  run.store.remove(run.caseAudit(1));
  const scored = [0, 1, 2].map((index) => storedOutcome(run, index) as ScoredOutcome);
  const summary = writeAuditReport(localStore(folder('lost')), run, '1', cases, scored);
  expect(summary.passed).toBe(false);
  expect(auditOf(folder('lost')).unaudited).toEqual(['lost-1']);
});

test('a run cannot be resumed with another audit', async () => {
  const cases = await makeCases('resume');
  await score(cases, { tile }, folder('resume'));
  await expect(score(cases, { tile, audit: 'all' }, folder('resume'), { resume: true })).rejects.toThrow(
    /differs in audit/,
  );
});
