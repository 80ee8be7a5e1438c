/**
 * What the dashboard, its API and `voxtally status` tell of runs and workers. One schema each: the types, the answers of the API and
 * their description are made from them. Nothing here is private but names of cases and messages, which no log and no metric takes over.
 */
import * as z from 'zod';
import type { DeepReadonly } from '../base/deep-readonly.ts';

const count = z.int().min(0);
const timeMs = z.number().min(0).describe('Milliseconds since 1970.');

/** Upper ends of the classes that tile times are counted in, in seconds; longer ones are in a last class. */
export const tileSecondsBounds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const;

const tileTimes = z
  .strictObject({
    counts: z
      .array(count)
      .length(tileSecondsBounds.length + 1)
      .describe(
        `Tiles that took at most ${tileSecondsBounds.join(', ')} s, each class without the ones before, and those that took longer.`,
      ),
    sumSeconds: z.number().min(0),
  })
  .meta({ id: 'TileTimes' });

const runState = z.enum(['planning', 'running', 'reducing', 'done', 'cancelled', 'failed']).meta({
  id: 'RunState',
  description:
    'done: every case has an outcome, whichever, and the results are there; cancelled and failed: stopped before.',
});

export const runStatusSchema = z
  .strictObject({
    id: z.string(),
    name: z.string().describe('What its submitter calls it (--name).').exactOptional(),
    startedBy: z.string().describe('User and host that asked for it.').exactOptional(),
    state: runState,
    createdAt: timeMs,
    finishedAt: timeMs.exactOptional(),
    priority: z.int().describe('Lower is sooner.'),
    cases: z.strictObject({
      total: count,
      ok: count.describe('Scored.'),
      failed: count.describe('By a fault of their files.'),
      incomplete: count.describe('By a fault of machines.'),
      inFlight: count.describe('Being computed now; those that wait in a queue are not among them.'),
    }),
    tilesDone: count,
    tilesTotal: count.describe('Of the cases planned so far.').exactOptional(),
    voxelsDone: count,
    bytesRead: count,
    megavoxelsPerSecond: z.number().min(0).describe('Over the last minute; 0 while nothing happens.'),
    etaSeconds: z.number().min(0).exactOptional(),
    retries: count.describe('Jobs tried again after a fault of a machine.'),
    stalls: count.describe('Jobs taken from workers that fell silent.'),
    tileTimes: tileTimes.exactOptional(),
    waitsFor: z
      .string()
      .describe('Code of the fault for which the run waits before it is tried again.')
      .exactOptional(),
    endedBy: z.string().describe('Code of the fault that ended a failed run.').exactOptional(),
  })
  .meta({ id: 'Run' });

export const caseStatusSchema = z
  .strictObject({
    index: count.describe('Its place in the manifest.'),
    name: z.string().describe('Its id: from the folder of the run, in no queue and no address.'),
    status: z.enum(['waiting', 'in-flight', 'ok', 'failed', 'incomplete']),
    error: z.strictObject({ code: z.string(), message: z.string() }).exactOptional(),
  })
  .meta({ id: 'Case' });

export const casePageSchema = z
  .strictObject({
    total: count,
    page: count,
    pageSize: z.int().min(1),
    cases: z.array(caseStatusSchema),
  })
  .meta({ id: 'CasePage' });

export const failureReasonSchema = z
  .strictObject({
    code: z.string(),
    cases: z.int().min(1).describe('Cases without a score for this reason.'),
    example: z
      .strictObject({ index: count, name: z.string(), message: z.string() })
      .describe('The first of them.'),
  })
  .meta({ id: 'FailureReason' });

export const workerStatusSchema = z
  .strictObject({
    id: z.string(),
    state: z
      .enum(['busy', 'idle', 'silent', 'gone', 'other-version'])
      .describe(
        'silent: not heard of for a while, though Redis has its connection: frozen or overloaded; gone: killed or cut off; other-version: serves runs of another version of voxtally only.',
      ),
    voxtally: z.string().describe('Version of its program.').exactOptional(),
    host: z.string().describe('Name of its machine.').exactOptional(),
    processId: count.exactOptional(),
    memoryBytes: z.number().min(0).exactOptional(),
    megavoxelsPerSecond: z.number().min(0).describe('Over the last minute.').exactOptional(),
    threadSeconds: z
      .strictObject({ computing: z.number().min(0), files: z.number().min(0), jobs: z.number().min(0) })
      .describe(
        'What its threads have spent their time on since it started: computing, or waiting for files or jobs.',
      )
      .exactOptional(),
    working: z
      .strictObject({ run: z.string(), case: count.exactOptional() })
      .describe('What it works at.')
      .exactOptional(),
    threads: count,
    lastSeenAt: timeMs,
    tilesDone: count,
  })
  .meta({ id: 'Worker' });

const values = z.record(z.string(), z.number().nullable());
export const pooledSoFarSchema = z
  .strictObject({
    cases: count.describe('Number of cases that the values rest on.'),
    classes: z
      .record(
        z.string(),
        z.strictObject({
          metrics: values.describe('Of whole voxels, at the decision.'),
          losses: values.describe('By the names of tables, such as dice_loss.'),
        }),
      )
      .describe('By class name; null is an undefined value.'),
  })
  .meta({ id: 'Pooled' });

export const queueDepthSchema = z
  .strictObject({
    queue: z.enum(['runs', 'cases', 'tiles']),
    waiting: count.describe('Ready to be taken.'),
    active: count.describe('Being computed now.'),
    children: count.describe('Waiting for jobs of their own: cases for their tiles.'),
    delayed: count.describe('Waiting before they are tried again.'),
    failed: count.describe('Given up, of those that are kept (at most 1000).'),
  })
  .meta({ id: 'QueueDepth' });

export const historySchema = z
  .strictObject({
    startedAt: timeMs.describe('Begin of the first interval, in milliseconds since 1970.'),
    stepSeconds: z.int().min(1).describe('Length of an interval.'),
    voxels: z.array(count).describe('Voxels scored in each interval.'),
    cases: z.array(count).describe('Cases that got an outcome, the failed ones among them.'),
    failures: z.array(count).describe('Cases that ended without a score.'),
    stalls: z.array(count).describe('Jobs taken from workers that fell silent.'),
  })
  .meta({ id: 'History', description: 'The last 24 hours, or those of a run, in equal intervals.' });

export type RunState = z.infer<typeof runState>;
export type RunStatus = DeepReadonly<z.infer<typeof runStatusSchema>>;
export type TileTimes = DeepReadonly<z.infer<typeof tileTimes>>;
export type CaseStatus = DeepReadonly<z.infer<typeof caseStatusSchema>>;
/** `page` counts from 0. */
export type CasePage = DeepReadonly<z.infer<typeof casePageSchema>>;
/** Cases without a score that have one reason. */
export type FailureReason = DeepReadonly<z.infer<typeof failureReasonSchema>>;
export type WorkerStatus = DeepReadonly<z.infer<typeof workerStatusSchema>>;
/** Pooled values so far, by class, and on how many cases they rest. */
export type PooledSoFar = DeepReadonly<z.infer<typeof pooledSoFarSchema>>;
/** By the names of tables: `dice`, `dice_loss`. */
export type PooledValues = PooledSoFar['classes'][string];
export type QueueDepth = DeepReadonly<z.infer<typeof queueDepthSchema>>;
export type History = DeepReadonly<z.infer<typeof historySchema>>;
