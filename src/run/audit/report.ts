/** The audit of a whole run: `audit.json` beside the results, and a sentence for the terminal. */
import * as z from 'zod';
import { MachineError, PartialError } from '../../base/errors.ts';
import type { ManifestCase } from '../../cases/types.ts';
import type { ScoredOutcome } from '../case-outcome.ts';
import { readText } from '../records.ts';
import type { RunFolder } from '../run-folder.ts';
import type { Store } from '../store.ts';
import { type CaseAudit, type ComparedRecord, comparedSchema, readCaseAudit } from './record.ts';

export const auditFile = 'audit.json';

type InCase<T> = { readonly case: string } & T;

const count = z.int().min(0);
const compared = z.strictObject({ case: z.string(), ...comparedSchema.shape });

/** What `audit.json` holds. docs/audit.schema.json is made from here. */
export const auditSchema = z
  .strictObject({
    version: z.literal(1).describe('Version of this layout.'),
    audit: z.string().describe('What was asked for.'),
    passed: z.boolean().describe('Whether all that was chosen could be computed again and nothing differs.'),
    backends: z.array(z.string()).describe('What computed the tiles; several where machines differ.'),
    tiles: z.strictObject({ audited: count, of: count }),
    values: count.describe('Values compared.'),
    differing: count.describe('Values that differ by more than their bound.'),
    differences: z.array(compared).describe('At most 200 of a case.'),
    failures: z
      .array(z.strictObject({ case: z.string(), tile: count, message: z.string() }))
      .describe('Tiles that could not be computed again.'),
    unaudited: z.array(z.string()).describe('Scored cases whose audit is lost.'),
    largest: z
      .array(
        z.strictObject({
          ...compared.shape,
          ofBound: z.number().nullable().describe('|exact - audit| / bound; null where there is none.'),
        }),
      )
      .describe('For each quantity the value nearest to its bound, or farthest beyond it.'),
  })
  .meta({
    title: 'Audit of a run',
    description: 'audit.json: tiles computed again by another implementation.',
  });

export type AuditReport = z.infer<typeof auditSchema>;

/** What the rest of the program needs to know of it. */
export interface AuditSummary {
  readonly passed: boolean;
  readonly sentence: string;
}

/** Writes `audit.json`. Cases without a score have nothing to audit. */
export function writeAuditReport(
  results: Store,
  folder: RunFolder,
  audit: string,
  cases: readonly ManifestCase[],
  scored: readonly Pick<ScoredOutcome, 'index' | 'of'>[],
): AuditSummary {
  const unaudited: string[] = [];
  const audits: InCase<CaseAudit>[] = [];
  for (const { index, of } of scored) {
    const { id } = cases[index]!;
    try {
      audits.push({ case: id, ...readCaseAudit(folder, index, of) });
    } catch (error) {
      if (!(error instanceof PartialError)) throw error;
      unaudited.push(id);
    }
  }
  const report = reportOf(audit, audits, unaudited);
  results.put(auditFile, [Buffer.from(`${JSON.stringify(report, undefined, 2)}\n`)]);
  return { passed: report.passed, sentence: sentenceOf(report) };
}

/** The audit in a folder of results; undefined where there was none. @throws MachineError for a file that is not an audit. */
export function readAuditSummary(results: Store): AuditSummary | undefined {
  const text = readText(results, auditFile);
  if (text === undefined) return undefined;
  const file = results.pathOf(auditFile);
  try {
    const report = auditSchema.parse(JSON.parse(text));
    return { passed: report.passed, sentence: sentenceOf(report) };
  } catch (cause) {
    throw new MachineError('audit-unreadable', `${file}: is not the report of an audit`, { file, cause });
  }
}

function reportOf(audit: string, audits: readonly InCase<CaseAudit>[], unaudited: string[]): AuditReport {
  const sum = (of: (one: CaseAudit) => number) => audits.reduce((total, one) => total + of(one), 0);
  const all = <T>(of: (one: CaseAudit) => readonly T[]): InCase<T>[] =>
    audits.flatMap((one) => of(one).map((item) => ({ case: one.case, ...item })));
  const differing = sum((one) => one.differing);
  const failures = all(({ failures }) => failures);
  const largest = new Map<string, AuditReport['largest'][number]>();
  for (const value of all((one) => one.largest)) {
    const name = value.quantity.startsWith('confusion') ? 'confusion' : value.quantity;
    const ofBound = partOfBound(value);
    const before = largest.get(name);
    if (!before || !((ofBound ?? Infinity) <= (before.ofBound ?? Infinity))) {
      largest.set(name, { ...value, ofBound });
    }
  }
  return {
    version: 1,
    audit,
    passed: differing + failures.length + unaudited.length === 0,
    backends: [...new Set(audits.flatMap(({ backend }) => backend ?? []))].sort(),
    tiles: { audited: sum(({ audited }) => audited.length), of: sum(({ tiles }) => tiles) },
    values: sum(({ values }) => values),
    differing,
    differences: all(({ differences }) => differences),
    failures,
    unaudited,
    largest: [...largest.values()],
  };
}

/** Null where the part is not a number: a bound of 0 that does not hold, or a value that is not a number. */
function partOfBound({ exact, audit, bound }: ComparedRecord): number | null {
  const difference = Math.abs(Number(exact) - Number(audit));
  if (difference === 0) return 0;
  const part = difference / Number(bound);
  return Number.isFinite(part) ? part : null;
}

function sentenceOf(report: AuditReport): string {
  const { tiles, values, differing, differences, failures, unaudited, backends, largest } = report;
  const on = backends.length > 0 ? ` on ${backends.join(' and ')}` : '';
  const what = `audit: ${tiles.audited} of ${tiles.of} tiles computed again${on}`;
  if (report.passed) {
    if (tiles.audited === 0) return `${what}: nothing was compared`;
    const nearest = Math.max(...largest.map(({ ofBound }) => ofBound ?? 0));
    return `${what}: all ${values} values agree, the farthest by ${(100 * nearest).toFixed(1)} % of what rounding explains`;
  }
  const parts: string[] = [];
  const [first] = differences;
  if (first) {
    const name = first.class === null ? first.quantity : `${first.class} ${first.quantity}`;
    parts.push(
      `${differing} of ${values} values differ by more than rounding explains, the first ${name} in case ${first.case}, tile ${first.tile}: ${first.exact} against ${first.audit} (bound ${first.bound})`,
    );
  }
  if (failures.length > 0) {
    parts.push(`${failures.length} tiles could not be computed again: ${failures[0]!.message}`);
  }
  if (unaudited.length > 0) parts.push(`the audit of ${unaudited.length} cases is lost`);
  return `${what}: ${parts.join('; ')}; see ${auditFile}`;
}
