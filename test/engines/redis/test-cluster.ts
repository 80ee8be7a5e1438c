/** A small hospital with a queue of its own: volumes, a Redis prefix, a folder of runs, workers as processes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ManifestCase } from '../../../src/cases/types.ts';
import { openMonitor, type RedisMonitor } from '../../../src/engines/redis/redis-monitor.ts';
import { scoreOnRedis, submitRun } from '../../../src/engines/redis/submit.ts';
import { scoreRun } from '../../../src/engines/score-run.ts';
import { localStore } from '../../../src/run/open-store.ts';
import { OutFolder } from '../../../src/run/out-folder.ts';
import { runIdFile } from '../../../src/run/result-files.ts';
import { RunFolder } from '../../../src/run/run-folder.ts';
import type { RunReport } from '../../../src/run/types.ts';
import { loadConfig } from '../../../src/settings/load-config.ts';
import type { Config } from '../../../src/settings/schema.ts';
import { writeNifti } from '../../../src/volumes/nifti/write.ts';
import type { RedisServer } from './redis-server.ts';

/** The built program; `npm test` builds first. */
export const program = fileURLToPath(new URL('../../../dist/bin/main.js', import.meta.url));
/** Locks so short that the loss of a worker is found within a second or two. */
const lockMs = 1000;
export const resultFiles = ['results.json', 'cases.csv', 'summary.json'] as const;
/** Where lesions were looked for. */
const lesionsFile = 'lesions.csv';

export interface TestClusterOptions {
  readonly cases: number;
  /** Voxels along x, y and z, and of a tile along z. */
  readonly shape?: readonly [number, number, number];
  readonly tileZ?: number;
  readonly gzip?: (index: number) => boolean;
  readonly broken?: (index: number) => boolean;
  readonly flags?: Readonly<Record<string, unknown>>;
}

export class TestCluster {
  readonly folder: string;
  readonly dataRoot: string;
  readonly config: Config;
  readonly cases: ManifestCase[] = [];
  readonly monitor: RedisMonitor;
  readonly workers: WorkerProcess[] = [];
  readonly #started: ProgramProcess[] = [];
  readonly #url: string;

  private constructor(url: string, options: TestClusterOptions) {
    this.#url = url;
    this.folder = mkdtempSync(join(tmpdir(), 'voxtally-cluster-'));
    this.dataRoot = join(this.folder, 'data');
    mkdirSync(this.dataRoot);
    const { shape = [24, 24, 24], tileZ = 4, flags = {} } = options;
    const workRoot = join(this.folder, 'runs');
    const prefix = `test-${randomUUID().slice(0, 8)}`;
    this.config = loadConfig({
      flags: {
        engine: 'redis',
        redis: { url, prefix, workRoot },
        scores: 'probability',
        classes: 'lesion=1',
        losses: 'dice,bce,lovasz-softmax',
        // So small a volume is many jobs of a tile.
        tile: { shape: `${shape[0]},${shape[1]},${tileZ}`, bundle: '1' },
        threads: '1',
        ...flags,
      },
    });
    this.monitor = openMonitor({ redisUrl: url, prefix, workRoot });
  }

  static async make(server: RedisServer, options: TestClusterOptions): Promise<TestCluster> {
    const cluster = new TestCluster(server.url, options);
    for (let index = 0; index < options.cases; index++) await cluster.#addCase(index, options);
    return cluster;
  }

  async #addCase(index: number, { shape = [24, 24, 24], gzip, broken }: TestClusterOptions): Promise<void> {
    const name = `patient-${String(index).padStart(3, '0')}`;
    const end = gzip?.(index) ? 'nii.gz' : 'nii';
    const voxels = shape[0] * shape[1] * shape[2];
    const scores = Float32Array.from(
      { length: voxels },
      (_, i) => ((i * 7919 + index * 104729) % 4096) / 4096,
    );
    const labels = Uint8Array.from(scores, (score, i) => ((i * 31 + index) % 97 < 97 * score ? 1 : 0));
    const affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
    const grid = { shape, spacingMm: [1, 1, 1] as const, affine, gzip: gzip?.(index) ?? false };
    const [prediction, reference] = [
      join(this.dataRoot, `${name}-p.${end}`),
      join(this.dataRoot, `${name}-r.${end}`),
    ];
    await writeNifti(prediction, { ...grid, datatype: 'float32', data: scores });
    await writeNifti(reference, { ...grid, datatype: 'uint8', data: labels });
    if (broken?.(index)) truncateSync(prediction, 1000);
    this.cases.push({ id: name, predictions: [prediction], reference });
  }

  /** The result files that the embedded engine gives. */
  async expected(): Promise<string> {
    const outDir = join(this.folder, 'embedded');
    const config = { ...this.config, engine: 'embedded' as const };
    const signal = new AbortController().signal;
    mkdirSync(outDir, { recursive: true });
    await scoreRun({ cases: this.cases, config, outDir, resume: false, signal, warnings: [] }).done;
    return this.results('embedded');
  }

  /** The result files in a folder, as one text. */
  results(out: string): string {
    const files = this.config.measures.includes('lesions') ? [...resultFiles, lesionsFile] : resultFiles;
    return files.map((name) => readFileSync(join(this.folder, out, name), 'utf8')).join('\n');
  }

  #request(out: string, resume: boolean, priority: number, signal = new AbortController().signal) {
    const outDir = join(this.folder, out);
    mkdirSync(outDir, { recursive: true });
    return { cases: this.cases, config: this.config, outDir, resume, warnings: [], priority, signal };
  }

  /** Submits and collects. */
  async score(out: string, { resume = false, priority = 100, takeOver = false } = {}): Promise<RunReport> {
    const request = this.#request(out, resume, priority);
    if (!takeOver) return scoreOnRedis(request).done;
    const owned = OutFolder.own(request.outDir, { takeOver });
    return scoreOnRedis({ ...request, out: owned }).done.finally(() => owned.release());
  }

  async submit(out: string, { resume = false, priority = 100 } = {}): Promise<string> {
    return (await submitRun(this.#request(out, resume, priority))).run;
  }

  runIn(out: string): string {
    return readFileSync(join(this.folder, out, runIdFile), 'utf8').trim();
  }

  runFolder(run: string): RunFolder {
    return new RunFolder(localStore(join(this.config.redis.workRoot, run)));
  }

  /** Flags by which the program finds this queue. */
  get flags(): string[] {
    return this.flagsBy(this.#url);
  }

  /** The same by another address of the server. */
  flagsBy(url: string): string[] {
    const { prefix, workRoot } = this.config.redis;
    return ['--redis', url, '--redis-prefix', prefix, '--work-root', workRoot];
  }

  /** The arguments of `voxtally score` for the cases of this hospital. */
  scoreArguments(out: string, url = this.#url): string[] {
    const manifest = join(this.folder, 'cases.csv');
    const rows = this.cases.map(({ id, predictions, reference }) =>
      [id, predictions[0], reference].join(','),
    );
    writeFileSync(manifest, ['case,prediction,reference', ...rows, ''].join('\n'));
    const { scores, losses, tile } = this.config;
    return [
      ...['score', '--engine', 'redis', ...this.flagsBy(url), '--manifest', manifest, '--threads', '1'],
      ...['--out', join(this.folder, out), '--scores', scores, '--classes', 'lesion=1', '--losses', losses],
      ...['--tile', tile.shape!.join(','), '--tile-bundle', '1'],
    ];
  }

  /** Starts a worker; resolves when it serves. `inside`: a command that the worker's is appended to. */
  async worker(
    options: {
      readonly fault?: string;
      /** What faults read of their environment. */
      readonly env?: Readonly<Record<string, string>>;
      readonly arguments?: readonly string[];
      readonly dataRoot?: string;
      readonly inside?: readonly string[];
      /** Address of the server as this worker has it. */
      readonly url?: string;
    } = {},
  ): Promise<WorkerProcess> {
    const worker = this.startWorker(options);
    await worker.ready;
    return worker;
  }

  startWorker({
    fault,
    arguments: more = [],
    dataRoot,
    inside = [],
    url = this.#url,
    env = {},
  }: Parameters<TestCluster['worker']>[0] = {}): WorkerProcess {
    const preload = fault === undefined ? [] : ['--import', new URL(`faults/${fault}`, import.meta.url).href];
    const flags = ['--threads', '1', '--lock-ms', String(lockMs), '--job-voxels', '1', '--grace', '5'];
    const [command, ...rest] = [
      ...inside,
      process.execPath,
      ...[
        ...preload,
        program,
        'worker',
        ...this.flagsBy(url),
        '--data-root',
        dataRoot ?? this.dataRoot,
        ...flags,
        ...more,
      ],
    ];
    const child = spawn(command!, rest, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        FAULT_FOLDER: this.folder,
        FAULT_RULES: join(this.folder, 'rules.json'),
        ...env,
      },
    });
    const worker = new WorkerProcess(child);
    this.workers.push(worker);
    return worker;
  }

  /** Starts the program with these arguments, not as a worker. */
  start(...args: readonly string[]): ProgramProcess {
    const started = new ProgramProcess(
      spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] }),
    );
    this.#started.push(started);
    return started;
  }

  /** Resolves when `holds` says so, asked whenever something of a run changes. */
  async until(holds: () => Promise<boolean>): Promise<void> {
    const changed = new EventTarget();
    const stop = await this.monitor.watch(() => changed.dispatchEvent(new Event('change')));
    try {
      while (!(await holds())) {
        // Some changes, such as of files, are not told.
        const tick = setTimeout(() => changed.dispatchEvent(new Event('change')), 50);
        await once(changed, 'change');
        clearTimeout(tick);
      }
    } finally {
      await stop();
    }
  }

  async remove(): Promise<void> {
    for (const worker of this.workers) await worker.kill();
    for (const { child } of this.#started) child.kill('SIGKILL');
    await this.monitor.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A command while it runs, and all that it has said. */
export class ProgramProcess {
  readonly child: ChildProcess;
  /** Status and signal with which it ended. */
  readonly ended: Promise<readonly [status: number | null, signal: NodeJS.Signals | null]>;
  out = '';
  error = '';

  constructor(child: ChildProcess) {
    this.child = child;
    this.ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
    child.stdout!.on('data', (chunk) => {
      this.out += chunk;
    });
    child.stderr!.on('data', (chunk) => {
      this.error += chunk;
    });
  }

  /** Resolves when it has said this on either stream. @throws when it ends before */
  async says(text: string): Promise<void> {
    while (!this.error.includes(text) && !this.out.includes(text)) {
      const ended = await Promise.race([
        once(this.child.stderr!, 'data').then(() => false),
        this.ended.then(() => true),
      ]);
      if (ended && !this.error.includes(text) && !this.out.includes(text)) {
        throw new Error(`it ended without "${text}": ${this.error}`);
      }
    }
  }
}

export class WorkerProcess {
  readonly child: ChildProcess;
  readonly ready: Promise<void>;
  readonly ended: Promise<unknown>;
  log = '';

  constructor(child: ChildProcess) {
    this.child = child;
    this.ended = once(child, 'exit');
    this.ready = new Promise((resolve, reject) => {
      child.stderr!.on('data', (chunk) => {
        this.log += chunk;
        if (this.log.includes('worker ready')) resolve();
      });
      child.once('exit', (code, signal) =>
        reject(new Error(`worker ended (${code ?? signal}): ${this.log}`)),
      );
    });
    this.ready.catch(() => {});
  }

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (!this.isAlive) return;
    this.child.kill(signal);
    if (signal === 'SIGKILL' || signal === 'SIGTERM') await this.ended;
  }
}
