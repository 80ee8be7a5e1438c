import type { Monitor } from '../../engines/monitor.ts';
import { withinMs } from '../../engines/redis/connection.ts';

export interface SharingOptions {
  /** How long an answer serves everybody who asks the same, in milliseconds. */
  readonly freshMs: number;
  /** How long an answer may take, in milliseconds. */
  readonly timeoutMs: number;
}

const mostAnswers = 200;

/**
 * A monitor that asks the other one once for many viewers, and gives up on answers that do not come (Redis away).
 * At most 200 answers are kept.
 */
export function shareMonitor(
  monitor: Monitor,
  { freshMs, timeoutMs }: SharingOptions = { freshMs: 500, timeoutMs: 5_000 },
): Monitor {
  const answers = new Map<string, { readonly until: number; readonly answer: Promise<unknown> }>();

  function shared<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const now = performance.now();
    const known = answers.get(key);
    if (known && known.until > now) return known.answer as Promise<T>;
    if (answers.size >= mostAnswers) answers.clear();
    const answer = withinMs(timeoutMs, ask());
    answers.set(key, { until: now + freshMs, answer });
    answer.catch(() => answers.delete(key));
    return answer;
  }

  return {
    runs: () => shared('runs', () => monitor.runs()),
    run: (id) => shared(`run ${id}`, () => monitor.run(id)),
    cases: (id, query) => shared(`cases ${id} ${JSON.stringify(query)}`, () => monitor.cases(id, query)),
    pooled: (id) => shared(`pooled ${id}`, () => monitor.pooled(id)),
    reasons: (id) => shared(`reasons ${id}`, () => monitor.reasons(id)),
    queueDepths: () => shared('queues', () => monitor.queueDepths()),
    history: (id) => shared(`history ${id ?? ''}`, () => monitor.history(id)),
    workers: () => shared('workers', () => monitor.workers()),
    // Who is told of a change asks next, and must not get an answer from before it.
    watch: (onChange) =>
      monitor.watch((id) => {
        answers.clear();
        onChange(id);
      }),
    close: () => monitor.close(),
  };
}
