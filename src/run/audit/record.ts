/** What the audit of a case found, kept in the run's folder until the end of the run. */
import * as z from 'zod';
import { tileGrid } from '../../base/tile-grid.ts';
import { vec3Schema } from '../../base/vec3-schema.ts';
import type { CasePlan } from '../plan/case-plan.ts';
import { getRecord, putRecord } from '../records.ts';
import type { RunFolder } from '../run-folder.ts';
import { ofAnother } from '../tile-partial.ts';

const count = z.number().int().nonnegative();
/** NaN and infinite values have no JSON number: they are text. */
const value = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]);

export const comparedSchema = z.object({
  tile: count,
  /** `[x, y, z]`, in voxels. */
  origin: vec3Schema,
  shape: vec3Schema,
  class: z.string().nullable(),
  quantity: z.string(),
  exact: value,
  audit: value,
  bound: value,
});

const caseAuditSchema = z.object({
  index: count,
  /** All tiles of the case, and those that were computed again. */
  tiles: count,
  audited: z.array(count),
  /** What computed them; null when no tile was chosen. */
  backend: z.string().nullable(),
  /** Values compared. */
  values: count,
  /** For each quantity the value that came nearest to its bound, or went farthest beyond it. */
  largest: z.array(comparedSchema),
  /** Values that differ by more than their bound: all are counted, the first are listed. */
  differing: count,
  differences: z.array(comparedSchema),
  /** Tiles that could not be computed again. */
  failures: z.array(z.object({ tile: count, message: z.string() })),
});

export type ComparedRecord = z.infer<typeof comparedSchema>;
export type CaseAudit = z.infer<typeof caseAuditSchema>;

const auditKind = { version: 1, schema: caseAuditSchema.extend({ of: z.string() }) };

/** The record of a case of which no tile was chosen. */
export function nothingAudited(plan: CasePlan): CaseAudit {
  return {
    index: plan.index,
    tiles: tileGrid(plan.shape, plan.tileShape).length,
    audited: [],
    backend: null,
    values: 0,
    largest: [],
    differing: 0,
    differences: [],
    failures: [],
  };
}

export function writeCaseAudit(folder: RunFolder, of: string, audit: CaseAudit): void {
  putRecord(folder.store, folder.caseAudit(audit.index), auditKind, { of, ...audit });
}

/** `of`: what the case's outcome is of. @throws PartialError when there is none of that which can be believed. */
export function readCaseAudit(folder: RunFolder, caseIndex: number, of: string): CaseAudit {
  const name = folder.caseAudit(caseIndex);
  const { of: found, ...audit } = getRecord(folder.store, name, auditKind);
  if (found !== of) throw ofAnother({ name, path: folder.store.pathOf(name) });
  return audit;
}

/** A number as JSON can hold it. */
export function plainNumber(number: number): ComparedRecord['exact'] {
  return Number.isFinite(number) ? number : (String(number) as ComparedRecord['exact']);
}
