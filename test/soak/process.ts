/** Processes of the program, with a file system that may misbehave. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const program = resolve('dist/bin/main.js');
const faultyFiles = resolve('test/faults/faulty-files.mjs');

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Program {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly name: string;
  text = '';
  isOver = false;

  constructor(folder: string, args: readonly string[]) {
    this.name = args[0]!;
    this.child = spawn(process.execPath, ['--import', faultyFiles, program, ...args], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, FAULT_RULES: join(folder, 'rules.json') },
    });
    this.child.stderr!.on('data', (chunk) => {
      this.text += chunk;
    });
    this.ended = once(this.child, 'close').then(([status, signal]) => {
      this.isOver = true;
      return { status, signal };
    });
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.isOver) this.child.kill(signal);
  }

  /** A stack where a message should be. */
  get hasStack(): boolean {
    return /^\s+at .+:\d+:\d+\)?$/m.test(this.text);
  }

  /** How it ended; undefined when it had not within `limitMs`: then it is killed. */
  async within(limitMs: number): Promise<Ended | undefined> {
    const over = new AbortController();
    const late = delay(limitMs, undefined, { signal: over.signal }).catch(() => undefined);
    const ended = await Promise.race([this.ended, late]);
    over.abort();
    if (ended === undefined) {
      this.signal('SIGKILL');
      await this.ended;
    }
    return ended;
  }
}
