/** What is told of a run at its end: numbers and codes, no path, and no name of a case unless that was asked for. */
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { packageVersion } from '../../base/package-files.ts';
import type { RuleOutcome } from '../../questions/rules/check-rules.ts';
import type { ResultsDocument } from '../../results/document.ts';
import { engineNames } from '../../settings/schema.ts';

export const noticeVersion = 1;
/** Ids of cases that a notice holds at most. */
const mostCases = 1000;

const count = z.int().min(0);

export const noticeSchema = z
  .strictObject({
    version: z.literal(noticeVersion).describe('Version of this layout.'),
    id: z.uuid().describe('Of this notice; the same however often it is sent.'),
    state: z
      .enum(['ok', 'failures', 'failed', 'cancelled'])
      .describe(
        'ok: all cases scored; failures: some were not; failed: no results; cancelled: stopped by somebody.',
      ),
    exitStatus: z.int().min(0).max(255).describe('What the command ends with.'),
    voxtally: z.string().describe('Version of the program.'),
    engine: z.enum(engineNames),
    run: z.string().describe('Id of a run on the queue.').exactOptional(),
    name: z.string().describe('What --name calls the run.').exactOptional(),
    endedAt: z.iso.datetime(),
    seconds: z.number().min(0).describe('Since the command began.'),
    cases: z
      .strictObject({ total: count, scored: count, failed: count, incomplete: count })
      .describe('Absent where there are no results.')
      .exactOptional(),
    reasons: z
      .array(z.strictObject({ code: z.string(), cases: count }))
      .describe('Why cases have no score, the commonest reason first.')
      .exactOptional(),
    foreground: z
      .record(z.string(), z.number().nullable())
      .describe('Metrics by name: means over the foreground classes of their means over cases.')
      .exactOptional(),
    rules: z
      .array(z.strictObject({ rule: z.string(), value: z.number().nullable(), broken: z.boolean() }))
      .describe('The rules of --fail-if, as they were written.')
      .exactOptional(),
    unscored: z
      .array(z.string())
      .max(mostCases)
      .describe(`Ids of cases without a score, at most ${mostCases}; only with --notify-case-ids.`)
      .exactOptional(),
    error: z
      .strictObject({ code: z.string() })
      .describe('Why there are no results: a code of docs/errors.md.')
      .exactOptional(),
  })
  .meta({ title: 'End of a run', description: 'What score --notify sends.' });

export type Notice = z.infer<typeof noticeSchema>;

export interface NoticeFacts {
  readonly state: Notice['state'];
  readonly exitStatus: number;
  readonly engine: Notice['engine'];
  readonly run?: string | undefined;
  readonly name?: string | null | undefined;
  readonly seconds: number;
  readonly results?: ResultsDocument | undefined;
  readonly rules: readonly RuleOutcome[];
  readonly caseIds: boolean;
  readonly errorCode?: string | undefined;
}

export function makeNotice(facts: NoticeFacts, now = new Date()): Notice {
  const { state, exitStatus, engine, run, name, seconds, results, rules, caseIds, errorCode } = facts;
  return {
    version: noticeVersion,
    id: randomUUID(),
    ...{ state, exitStatus, voxtally: packageVersion(), engine },
    ...(run !== undefined && { run }),
    ...(typeof name === 'string' && { name }),
    endedAt: now.toISOString(),
    seconds: Math.round(1000 * seconds) / 1000,
    ...(results && resultFacts(results, caseIds)),
    ...(rules.length > 0 && {
      rules: rules.map(({ rule, value, broken }) => ({ rule, value, broken })),
    }),
    ...(errorCode !== undefined && { error: { code: errorCode } }),
  };
}

function resultFacts({ cases, means }: ResultsDocument, caseIds: boolean) {
  const unscored = cases.filter((entry) => entry.status !== 'ok');
  const byCode = new Map<string, number>();
  for (const { error } of unscored) byCode.set(error.code, (byCode.get(error.code) ?? 0) + 1);
  const failed = unscored.filter(({ status }) => status === 'failed').length;
  return {
    cases: {
      total: cases.length,
      scored: cases.length - unscored.length,
      failed,
      incomplete: unscored.length - failed,
    },
    reasons: [...byCode].map(([code, count]) => ({ code, cases: count })).sort((a, b) => b.cases - a.cases),
    foreground: Object.fromEntries(
      Object.entries(means.foreground.metrics).map(([name, { mean }]) => [name, mean]),
    ),
    ...(caseIds && { unscored: unscored.slice(0, mostCases).map(({ id }) => id) }),
  };
}
