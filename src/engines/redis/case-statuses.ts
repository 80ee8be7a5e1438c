/** What became of the cases of a run, and why some have no score. */
import { storedOutcome } from '../../run/case-outcome.ts';
import type { CaseStatus, FailureReason } from '../status.ts';
import { type LiveRun, type StatusName, statusLetters } from './board.ts';
import type { KnownRun } from './known-runs.ts';
import type { Finished } from './run-record.ts';

/** A letter for each case, see `statusLetters`. `active`: the cases that are being computed. */
export function lettersOf(
  { folder, cases }: KnownRun,
  live: LiveRun | undefined,
  finished: Finished | undefined,
  active: Iterable<number> = [],
): string {
  if (finished?.state === 'done' && finished.statuses.length === cases.length) return finished.statuses;
  const told = live?.statuses ?? '';
  const letters =
    told.length === cases.length
      ? [...told.replaceAll(statusLetters['in-flight'], statusLetters.waiting)]
      : // Redis was wiped, or nobody has begun.
        cases.map((_, index) => statusLetters[storedOutcome(folder, index)?.status ?? 'waiting']);
  for (const index of active) {
    if (letters[index] === statusLetters.waiting) letters[index] = statusLetters['in-flight'];
  }
  return letters.join('');
}

export function caseStatus({ folder, cases }: KnownRun, index: number, letter: string): CaseStatus {
  const status = (Object.entries(statusLetters).find(([, value]) => value === letter)?.[0] ??
    'waiting') as StatusName;
  const common = { index, name: cases[index]!.id, status };
  if (status !== 'failed' && status !== 'incomplete') return common;
  const outcome = storedOutcome(folder, index);
  if (!outcome || outcome.status === 'ok') return common;
  const { code, message } = outcome.error;
  // Who lists cases has said which one it is.
  const prefix = `case ${common.name}: `;
  return {
    ...common,
    error: { code, message: message.startsWith(prefix) ? message.slice(prefix.length) : message },
  };
}

/** Why cases have no score. The record of each is read once, while it has none. */
export class FailureReasons {
  /** Codes of cases without a score, by run. */
  readonly #codes = new Map<string, Map<number, string>>();

  async of(run: KnownRun, letters: string): Promise<readonly FailureReason[]> {
    const failing = [...letters].flatMap((letter, index) =>
      letter === statusLetters.failed || letter === statusLetters.incomplete ? [index] : [],
    );
    const codes = this.#codes.get(run.id) ?? new Map<number, string>();
    const isFailing = new Set(failing);
    for (const index of codes.keys()) if (!isFailing.has(index)) codes.delete(index);
    this.#codes.set(run.id, codes);
    const caseAt = (index: number) => caseStatus(run, index, letters[index]!);
    for (const [at, index] of failing.entries()) {
      if (codes.has(index)) continue;
      codes.set(index, caseAt(index).error?.code ?? 'unknown');
      // Thousands of records: others are served in between.
      if (at % 200 === 199) await new Promise((done) => setImmediate(done));
    }
    return groupReasons(failing, codes, caseAt);
  }
}

/** The commonest reason first; of equal ones that of the first case. */
function groupReasons(
  failing: readonly number[],
  codes: ReadonlyMap<number, string>,
  caseAt: (index: number) => CaseStatus,
): FailureReason[] {
  const byCode = new Map<string, number[]>();
  for (const index of failing) {
    const code = codes.get(index) ?? 'unknown';
    const indices = byCode.get(code);
    if (indices) indices.push(index);
    else byCode.set(code, [index]);
  }
  return [...byCode]
    .map(([code, indices]): FailureReason => {
      const { index, name, error } = caseAt(indices[0]!);
      const message = error?.message ?? 'no reason is known';
      return { code, cases: indices.length, example: { index, name, message } };
    })
    .sort((a, b) => b.cases - a.cases);
}
