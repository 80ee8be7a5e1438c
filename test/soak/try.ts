/** One try: a run on either engine, a random series of faults, and then, with all faults over, resumes until it is done. */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { RedisServer } from '../engines/redis/redis-server.ts';
import type { TcpProxy } from '../faults/tcp-proxy.ts';
import { type Hospital, resultsIn } from './hospital.ts';
import { type Ended, Program } from './process.ts';
import type { Random } from './random.ts';

export type Verdict = 'survived' | 'wrong' | 'lost' | 'hung' | 'stack';

export interface Outcome {
  readonly verdict: Verdict;
  readonly faults: readonly string[];
  /** What was seen, where it was not well. */
  readonly remark?: string;
}

/** Whatever takes longer hangs. */
const stepLimitMs = 150_000;
/** A worker that is told to stop ends within 10 s; the rest is for a slow machine. */
const stopLimitMs = 40_000;
const mostResumes = 5;
/** What a second `score` in an owned folder is told. */
const ownerNamed =
  /belongs to the run of process \d+ on \S+ since \d{4}-\d\d-\d\dT\S+ \(last sign of life \d+ s ago\)/;

export interface Setting {
  readonly hospital: Hospital;
  readonly server: RedisServer;
  readonly proxy: TcpProxy;
  readonly random: Random;
  readonly folder: string;
  readonly engine: 'embedded' | 'redis';
}

class Failed extends Error {
  readonly verdict: Verdict;

  constructor(verdict: Verdict, remark: string) {
    super(remark);
    this.verdict = verdict;
  }
}

export class Try {
  readonly #setting: Setting;
  readonly #random: Random;
  readonly #folder: string;
  readonly #versions: number[];
  readonly #faults: string[] = [];
  readonly #values: string[];
  readonly #prefix: string;
  readonly #workers: Program[] = [];
  readonly #submitters: Program[] = [];

  constructor(setting: Setting) {
    this.#setting = setting;
    this.#random = setting.random;
    this.#folder = setting.folder;
    this.#versions = Array.from({ length: setting.hospital.cases }, () => 0);
    this.#prefix = `{soak-${setting.folder.split('-').at(-1)}}`;
    this.#values = ['--scores', 'probability', '--losses', this.#random.pick(['dice,bce', 'all'])];
  }

  async run(): Promise<Outcome> {
    const { hospital, engine } = this.#setting;
    hospital.admit(this.#folder);
    try {
      if (engine === 'redis') for (let n = this.#random.integer(1, 2); n > 0; n--) this.#startWorker();
      this.#start([]);
      for (let left = this.#random.integer(1, 4); left > 0; left--) {
        await delay(this.#random.between(100, 2500));
        await this.#harm();
      }
      await delay(this.#random.between(0, 1500));
      await this.#heal();
      await this.#finish();
      return { verdict: 'survived', faults: this.#faults };
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      return { verdict: error.verdict, faults: this.#faults, remark: error.message };
    } finally {
      for (const program of [...this.#submitters, ...this.#workers]) {
        program.signal('SIGCONT');
        program.signal('SIGKILL');
        await program.ended;
      }
      await this.#reviveRedis();
    }
  }

  /** Starts `score`. Tiles are cut anew each time, as a resume may. */
  #start(more: readonly string[]): Program {
    const { engine, proxy } = this.#setting;
    const z = this.#random.integer(1, 6);
    const queue = [
      ...['--engine', 'redis', '--redis', `redis://127.0.0.1:${proxy.port}`, '--redis-prefix', this.#prefix],
      ...['--work-root', 'runs', '--patience', '2'],
    ];
    const program = new Program(this.#folder, [
      ...[
        'score',
        '--manifest',
        'cases.csv',
        '--out',
        'out',
        '--threads',
        String(this.#random.integer(1, 2)),
      ],
      ...[
        '--tile',
        `24,24,${z}`,
        '--tile-bundle',
        '1',
        ...this.#values,
        ...(engine === 'redis' ? queue : []),
        ...more,
      ],
    ]);
    this.#submitters.push(program);
    return program;
  }

  #startWorker(): void {
    const { proxy } = this.#setting;
    this.#workers.push(
      new Program(this.#folder, [
        ...['worker', '--redis', `redis://127.0.0.1:${proxy.port}`, '--redis-prefix', this.#prefix],
        ...['--work-root', 'runs', '--data-root', 'data', '--threads', '1', '--lock-ms', '2000'],
        ...['--job-voxels', '1', '--grace', '3', '--log-level', 'error'],
      ]),
    );
  }

  async #harm(): Promise<void> {
    const harms = this.#setting.engine === 'redis' ? { ...this.#anywhere, ...this.#onQueue } : this.#anywhere;
    const name = this.#random.pick(Object.keys(harms));
    this.#faults.push(name);
    await harms[name]!();
  }

  /** Faults of both engines. */
  readonly #anywhere: Record<string, () => unknown> = {
    'score killed': () => this.#submitters.at(-1)!.signal('SIGKILL'),
    'score interrupted': () => this.#submitters.at(-1)!.signal('SIGINT'),
    'score frozen': () => this.#freeze(this.#submitters.at(-1)!),
    'second score': () => this.#start(['--resume']),
    'second score takes over': () => this.#start(['--resume', '--take-over']),
    'input replaced': () => {
      const index = this.#random.integer(0, this.#versions.length - 1);
      this.#setting.hospital.replace(this.#folder, index);
      this.#versions[index] = 1;
    },
    'run file torn': () => this.#damage((file) => truncateSync(file, Math.floor(statSync(file).size / 2))),
    'run file removed': () => this.#damage((file) => rmSync(file, { force: true })),
    'run file changed': () =>
      this.#damage((file) => {
        const bytes = readFileSync(file);
        if (bytes.length === 0) return;
        bytes[Math.floor(bytes.length * this.#random.next())]! ^= 0x20;
        writeFileSync(file, bytes);
      }),
    'reads of the run fail': () => this.#rule({ call: 'read', error: 'EIO', share: 0.05 }),
    'opening of the run fails': () =>
      this.#rule({ call: 'open', error: this.#random.pick(['EIO', 'EMFILE']), share: 0.05 }),
    'disk full': () =>
      this.#rule({ call: 'write', error: 'ENOSPC', torn: true, share: this.#random.pick([0.2, 1]) }),
    'stale handles': () => this.#rule({ call: 'stat', error: 'ESTALE', share: 0.1 }),
    'slow disk': () => this.#rule({ call: 'write', slowMs: 200, share: 0.5 }),
    'removal fails': () => this.#rule({ call: 'rm', error: 'EBUSY', share: 0.5 }),
  };

  readonly #onQueue: Record<string, () => unknown> = {
    'worker killed': () => this.#worker()?.signal('SIGKILL'),
    'worker stopped': () => this.#stopWorker(),
    'worker frozen': () => this.#freeze(this.#worker()),
    'worker more': () => this.#startWorker(),
    'Redis killed': () => this.#setting.server.kill(),
    'Redis restarted': async () => {
      await this.#setting.server.kill();
      await this.#setting.server.restart();
    },
    'Redis frozen': async () => {
      this.#setting.server.freeze();
      await delay(this.#random.between(500, 4000));
      this.#setting.server.thaw();
    },
    'Redis wiped': async () => {
      const redis = new Redis(this.#setting.server.url, {
        maxRetriesPerRequest: 1,
        retryStrategy: () => null,
      });
      redis.on('error', () => {});
      await redis.flushall().catch(() => {});
      redis.disconnect();
    },
    'Redis spoiled': async () => {
      const redis = new Redis(this.#setting.server.url, {
        maxRetriesPerRequest: 1,
        retryStrategy: () => null,
      });
      redis.on('error', () => {});
      await redis.hset(`${this.#prefix}:board:workers`, 'w', '{').catch(() => {});
      redis.disconnect();
    },
    'network stalled': () => this.#setting.proxy.stall(),
    'network half open': () => this.#setting.proxy.halfOpen(),
    'network slow': () => this.#setting.proxy.delay(this.#random.between(20, 300)),
    'connections cut': () => this.#setting.proxy.drop(),
    'connections forgotten': () => this.#setting.proxy.forget(),
  };

  async #freeze(program: Program | undefined): Promise<void> {
    program?.signal('SIGSTOP');
    await delay(this.#random.between(500, 4000));
    program?.signal('SIGCONT');
  }

  #worker(): Program | undefined {
    const alive = this.#workers.filter(({ isOver }) => !isOver);
    return alive.length === 0 ? undefined : this.#random.pick(alive);
  }

  async #stopWorker(): Promise<void> {
    const worker = this.#worker();
    worker?.signal('SIGTERM');
    if (worker && (await worker.within(stopLimitMs)) === undefined) {
      throw new Failed('hung', `a worker that was told to stop did not: ${worker.text.slice(-500)}`);
    }
  }

  #damage(how: (file: string) => void): void {
    const root = join(this.#folder, this.#setting.engine === 'redis' ? 'runs' : 'out/work');
    try {
      const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) =>
        entry.isFile(),
      );
      if (files.length === 0) return;
      const file = this.#random.pick(files);
      this.#faults.push(`(${file.name})`);
      how(join(file.parentPath, file.name));
    } catch {
      // It is gone already, or a second one is at it.
    }
  }

  #rule(rule: { call: string; error?: string; share: number; slowMs?: number; torn?: boolean }): void {
    const path = this.#setting.engine === 'redis' ? '/runs/' : '/out/work/';
    writeFileSync(join(this.#folder, 'rules.json'), JSON.stringify([{ ...rule, path }]));
  }

  async #reviveRedis(): Promise<void> {
    const { server, proxy } = this.#setting;
    proxy.resume();
    server.thaw();
    await server.restart();
  }

  /** Everything is well again; frozen and dead processes stay what they are. */
  async #heal(): Promise<void> {
    rmSync(join(this.#folder, 'rules.json'), { force: true });
    await this.#reviveRedis();
    if (this.#setting.engine === 'redis') this.#startWorker();
  }

  /** Waits for what runs, then resumes until the run is done, and looks at what came out. */
  async #finish(): Promise<void> {
    const before = [...this.#submitters];
    for (const program of before) {
      const ended = await program.within(stepLimitMs);
      if (ended === undefined) throw new Failed('hung', `score did not end: ${program.text.slice(-500)}`);
      this.#checkStack(program);
      this.#checkEnd(program, ended);
    }
    let last = '';
    for (let resume = 0; resume < mostResumes; resume++) {
      const program = this.#start(['--resume']);
      const ended = await program.within(stepLimitMs);
      if (ended === undefined) throw new Failed('hung', `--resume did not end: ${program.text.slice(-500)}`);
      this.#checkStack(program);
      last = `status ${ended.status ?? ended.signal}: ${program.text.slice(-600)}`;
      if (ended.status === 0) {
        const found = resultsIn(join(this.#folder, 'out'));
        const expected = await this.#setting.hospital.expected(this.#versions, this.#values);
        if (found !== expected) throw new Failed('wrong', 'the results are not those of the files');
        for (const worker of this.#workers) this.#checkStack(worker);
        return;
      }
    }
    throw new Failed('lost', `not done after ${mostResumes} resumes, the last: ${last}`);
  }

  /** Who is not the owner of the folder ends with a status that says so, and names the owner. */
  #checkEnd(program: Program, { status }: Ended): void {
    if (status === 0 && /no longer belongs to this process/.test(program.text)) {
      throw new Failed(
        'wrong',
        `a score that lost its folder ended with status 0: ${program.text.slice(-600)}`,
      );
    }
    if (status !== 2) return;
    const isRefused = / belongs to the run of /.test(program.text);
    if (isRefused && !ownerNamed.test(program.text)) {
      throw new Failed('stack', `a refusal that does not name the owner: ${program.text.slice(-600)}`);
    }
    if (program.text.trim() === '')
      throw new Failed('stack', `${program.name} ended with status 2 and no message`);
  }

  #checkStack(program: Program): void {
    if (program.hasStack) throw new Failed('stack', `${program.name}: ${program.text.slice(-1500)}`);
  }
}

export function makeFolder(folder: string): string {
  mkdirSync(folder, { recursive: true });
  return folder;
}
