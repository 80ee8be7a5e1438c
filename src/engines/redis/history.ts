/**
 * What was done when, minute by minute over the last 24 hours: counters in Redis that go by themselves, about 100 kB for all runs
 * together and as much for each run of the last day at most. A hash holds half an hour of one counter: so short a hash is stored in a
 * few bytes a field. Display only, as all of the board.
 */
import type { ChainableCommander, Redis } from 'ioredis';
import * as z from 'zod';
import type { History } from '../status.ts';

export const counters = ['voxels', 'cases', 'failures', 'stalls'] as const;
export type Counter = (typeof counters)[number];

const minuteMs = 60_000;
const minutesKept = 24 * 60;
/** Minutes of one hash. */
const spanMinutes = 30;
const keepSeconds = (minutesKept + 2 * spanMinutes) * 60;
/** Intervals of a chart at most; the shortest step that gives no more is taken. */
const mostSteps = 96;
const stepsMinutes = [1, 2, 5, 10, 15];

const count = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** Adds commands that count now; `keys` are the starts of those that hold a history. */
export function countIn(
  pipeline: ChainableCommander,
  keys: readonly string[],
  counter: Counter,
  by: number,
  nowMs = Date.now(),
): void {
  if (by === 0) return;
  const minute = Math.floor(nowMs / minuteMs);
  for (const start of keys) {
    const key = spanKey(start, counter, Math.floor(minute / spanMinutes));
    pipeline.hincrby(key, String(minute % spanMinutes), by).expire(key, keepSeconds);
  }
}

/** The history from `fromMs` on, at most the last 24 hours before `toMs`, in steps that fit a chart. */
export async function readHistory(
  redis: Redis,
  start: string,
  fromMs: number,
  toMs = Date.now(),
): Promise<History> {
  const last = Math.floor(toMs / minuteMs);
  const first = Math.min(last, Math.max(Math.floor(fromMs / minuteMs), last - minutesKept + 1));
  const step =
    stepsMinutes.find((minutes) => (last - first + 1) / minutes <= mostSteps) ?? stepsMinutes.at(-1)!;
  // Steps begin at multiples of their length, so that they stay the same while time goes on.
  const begin = Math.floor(first / step) * step;
  const steps = Math.floor((last - begin) / step) + 1;
  const [firstSpan, lastSpan] = [begin, last].map((minute) => Math.floor(minute / spanMinutes)) as [
    number,
    number,
  ];
  const spans = Array.from({ length: lastSpan - firstSpan + 1 }, (_, at) => firstSpan + at);
  const pipeline = redis.pipeline();
  for (const counter of counters) for (const span of spans) pipeline.hgetall(spanKey(start, counter, span));
  const answers = (await pipeline.exec()) ?? [];
  const lists = counters.map((_, row) => {
    const sums = new Array<number>(steps).fill(0);
    for (const [at, span] of spans.entries()) {
      // A key that holds something else, or a field that is not a count, counts as missing.
      const fields = Object.entries((answers[row * spans.length + at]?.[1] ?? {}) as Record<string, string>);
      for (const [field, value] of fields) {
        if (!/^\d{1,2}$/.test(field)) continue;
        const minute = span * spanMinutes + Number(field);
        const slot = Math.floor((minute - begin) / step);
        if (slot in sums) sums[slot]! += count.safeParse(value).data ?? 0;
      }
    }
    return sums;
  });
  const byCounter = Object.fromEntries(counters.map((counter, row) => [counter, lists[row]!]));
  return {
    startedAt: begin * minuteMs,
    stepSeconds: step * 60,
    ...(byCounter as Record<Counter, number[]>),
  };
}

function spanKey(start: string, counter: Counter, span: number): string {
  return `${start}:${counter}:${span}`;
}
