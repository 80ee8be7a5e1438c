import type { Monitor } from '../../../src/engines/monitor.ts';
import type {
  CasePage,
  CaseStatus,
  FailureReason,
  History,
  PooledSoFar,
  QueueDepth,
  RunState,
  RunStatus,
  WorkerStatus,
} from '../../../src/engines/status.ts';

/** Voxels of a tile of these runs. */
export const tileVoxels = 2 ** 21;

/** A run in memory whose cases a test moves on; every number that is shown is counted from them. */
export class MemoryRun {
  readonly id: string;
  readonly cases: CaseStatus[];
  readonly createdAt = Date.now() - 600_000;
  readonly counts: Record<CaseStatus['status'], number>;
  state: RunState = 'running';
  finishedAt: number | undefined;
  /** As the submitter gave them. */
  name: string | undefined;
  startedBy: string | undefined;
  dice = 0;

  constructor(id: string, names: readonly string[]) {
    this.id = id;
    this.cases = names.map((name, index) => ({ index, name, status: 'waiting' }));
    this.counts = { waiting: names.length, 'in-flight': 0, ok: 0, failed: 0, incomplete: 0 };
  }

  set(index: number, status: CaseStatus['status'], error?: CaseStatus['error']): void {
    const before = this.cases[index]!;
    this.counts[before.status]--;
    this.counts[status]++;
    if (status === 'ok') this.dice += 0.5 + ((index * 37) % 100) / 250;
    this.cases[index] = { index, name: before.name, status, ...(error ? { error } : {}) };
  }

  status(): RunStatus {
    const { ok, failed, incomplete, waiting } = this.counts;
    const tilesDone = ok * 4;
    const megavoxelsPerSecond = this.finishedAt === undefined ? 61.3 : 0;
    return {
      id: this.id,
      ...(this.name !== undefined && { name: this.name }),
      ...(this.startedBy !== undefined && { startedBy: this.startedBy }),
      state: this.state,
      createdAt: this.createdAt,
      ...(this.finishedAt === undefined ? {} : { finishedAt: this.finishedAt }),
      priority: 5,
      cases: { total: this.cases.length, ok, failed, incomplete, inFlight: this.counts['in-flight'] },
      tilesDone,
      voxelsDone: tilesDone * tileVoxels,
      bytesRead: tilesDone * tileVoxels * 5,
      megavoxelsPerSecond,
      ...(waiting > 0 && ok > 0 ? { etaSeconds: (waiting * 4 * tileVoxels) / 61.3e6 } : {}),
      retries: 3,
      stalls: 1,
    };
  }

  pooled(): PooledSoFar {
    const { ok } = this.counts;
    if (ok === 0) return { cases: 0, classes: {} };
    const dice = this.dice / ok;
    const values = (score: number) => ({
      losses: {
        dice_loss: 1 - score,
        'lovasz-hinge_loss': 1.7 - score,
        bce_loss: 0.0421,
        'cross-entropy_loss': null,
      },
      metrics: { dice: score, jaccard: score / (2 - score) },
    });
    return { cases: ok, classes: { tumour: values(dice), oedema: values(dice * 0.9) } };
  }
}

/** A Monitor over runs in memory. `change` tells the watchers. `fault`, when set, is what every answer fails with. */
export class MemoryMonitor implements Monitor {
  readonly all: MemoryRun[] = [];
  workerList: WorkerStatus[] = [];
  fault: Error | undefined;
  past: History = night();
  readonly watchers = new Set<(runId: string) => void>();
  readonly asked: string[] = [];

  add(run: MemoryRun): MemoryRun {
    this.all.unshift(run);
    return run;
  }

  change(run: MemoryRun): void {
    for (const watcher of this.watchers) watcher(run.id);
  }

  #found(what: string): MemoryRun[] {
    this.asked.push(what);
    if (this.fault) throw this.fault;
    return this.all;
  }

  async runs(): Promise<readonly RunStatus[]> {
    return this.#found('runs').map((run) => run.status());
  }

  async run(id: string): Promise<RunStatus | undefined> {
    return this.#found('run')
      .find((run) => run.id === id)
      ?.status();
  }

  async cases(id: string, query: Parameters<Monitor['cases']>[1]): Promise<CasePage> {
    const run = this.#found('cases').find((one) => one.id === id)!;
    const { status, page, pageSize } = query;
    const matching = status === undefined ? run.cases : run.cases.filter((one) => one.status === status);
    return {
      total: matching.length,
      page,
      pageSize,
      cases: matching.slice(page * pageSize, (page + 1) * pageSize),
    };
  }

  async pooled(id: string): Promise<PooledSoFar> {
    return this.#found('pooled')
      .find((run) => run.id === id)!
      .pooled();
  }

  async reasons(id: string): Promise<readonly FailureReason[]> {
    const run = this.#found('reasons').find((one) => one.id === id)!;
    const reasons = new Map<string, FailureReason>();
    for (const { index, name, error } of run.cases) {
      if (!error) continue;
      const before = reasons.get(error.code);
      const example = before?.example ?? { index, name, message: error.message };
      reasons.set(error.code, { code: error.code, cases: (before?.cases ?? 0) + 1, example });
    }
    return [...reasons.values()].sort((a, b) => b.cases - a.cases);
  }

  async queueDepths(): Promise<readonly QueueDepth[]> {
    this.#found('queues');
    return (['runs', 'cases', 'tiles'] as const).map((queue, at) => ({
      ...{ queue, waiting: 40 * at, active: 3 * at, children: at, delayed: 0, failed: at === 2 ? 1 : 0 },
    }));
  }

  async history(_id?: string): Promise<History> {
    this.#found('history');
    return this.past;
  }

  async workers(): Promise<readonly WorkerStatus[]> {
    this.#found('workers');
    return this.workerList;
  }

  async watch(onChange: (runId: string) => void): Promise<() => Promise<void>> {
    this.#found('watch');
    this.watchers.add(onChange);
    return async () => {
      this.watchers.delete(onChange);
    };
  }

  async close(): Promise<void> {}
}

/** A run of 10,000 cases in the middle of its night: 8,214 scored, 23 failed, 2 incomplete, 6 in flight. */
export function bigRun(id = 'night-0412'): MemoryRun {
  const names = Array.from({ length: 10_000 }, (_, index) => `study-${String(index).padStart(5, '0')}-t1c`);
  const run = new MemoryRun(id, names);
  for (let index = 0; index < 8_239; index++) {
    if (index % 358 === 17) {
      run.set(index, 'failed', {
        code: 'truncated',
        message: `prediction ends after 1048576 of 8388960 bytes (voxel data of [256, 256, 32] float32); copy the file again`,
      });
    } else if (index === 4_000 || index === 6_000) {
      run.set(index, 'incomplete', {
        code: 'tile-lost',
        message: 'tile 3 of 4 was set aside after 3 lost workers',
      });
    } else run.set(index, 'ok');
  }
  for (let index = 8_239; index < 8_245; index++) run.set(index, 'in-flight');
  return run;
}

/** A night that went up and down, with failures in one quarter of an hour, in quarters of an hour. */
export function night(now = Date.now()): History {
  const stepMs = 900_000;
  const steps = Array.from({ length: 96 }, (_, at) => at);
  return {
    startedAt: Math.floor(now / stepMs) * stepMs - 95 * stepMs,
    stepSeconds: 900,
    voxels: steps.map((at) => (at < 40 ? 0 : Math.round(5e10 * (1 + Math.sin(at / 7))))),
    cases: steps.map((at) => (at < 40 ? 0 : 100 + (at % 9))),
    failures: steps.map((at) => (at === 70 ? 12 : 0)),
    stalls: steps.map((at) => (at === 71 ? 2 : 0)),
  };
}

export function someWorkers(now = Date.now()): WorkerStatus[] {
  return [
    {
      ...{ id: 'worker-3f1c', threads: 8, lastSeenAt: now - 900, tilesDone: 18_420, state: 'busy' },
      ...{ host: 'radiology-3', processId: 4127, memoryBytes: 3.1e9, megavoxelsPerSecond: 31.2 },
      threadSeconds: { computing: 5230.5, files: 310.25, jobs: 88 },
      working: { run: 'night-0412', case: 8_240 },
    },
    {
      ...{ id: 'worker-77aa', threads: 8, lastSeenAt: now - 4_200, tilesDone: 14_302, state: 'busy' },
      ...{ host: 'radiology-4', processId: 911, memoryBytes: 2.9e9, megavoxelsPerSecond: 30.1 },
      working: { run: 'night-0412', case: 8_241 },
    },
    { id: 'workstation-12.88', threads: 4, lastSeenAt: now - 410_000, tilesDone: 130, state: 'silent' },
  ];
}
