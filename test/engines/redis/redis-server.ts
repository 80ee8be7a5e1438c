import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

class EndedAtStart extends Error {}

/** A `redis-server` of the test's own, on a free port, that keeps an append-only file. */
export class RedisServer {
  readonly port: number;
  readonly #folder: string;
  readonly #options: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(port: number, options: readonly string[]) {
    this.port = port;
    this.#options = options;
    this.#folder = mkdtempSync(join(tmpdir(), 'voxtally-redis-'));
  }

  static async start(options: readonly string[] = []): Promise<RedisServer> {
    for (let left = 4; ; left--) {
      const server = new RedisServer(await freePort(), options);
      try {
        await server.#start();
        return server;
      } catch (error) {
        await server.remove();
        // Another process may have taken the port since it was found free.
        if (left === 0 || !(error instanceof EndedAtStart)) throw error;
      }
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it again on the same port with what its append-only file holds; does nothing where it runs. */
  async restart(): Promise<void> {
    for (let left = 20; this.#process === undefined; left--) {
      try {
        await this.#start();
      } catch (error) {
        // A client that tries to connect may hold the port for a moment, as the near end of its own connection.
        if (left === 0 || !(error instanceof EndedAtStart)) throw error;
        await delay(250);
      }
    }
  }

  async #start(): Promise<void> {
    const server = spawn(
      'redis-server',
      [
        ...['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#folder],
        ...[
          '--save',
          '',
          '--appendonly',
          'yes',
          '--appendfsync',
          'everysec',
          '--maxmemory-policy',
          'noeviction',
        ],
        ...this.#options,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#process = server;
    let log = '';
    await new Promise<void>((resolve, reject) => {
      server.once('error', () =>
        reject(
          new Error(
            'redis-server is not installed; these tests need it (Debian: apt-get install redis-server)',
          ),
        ),
      );
      server.once('exit', (code) => {
        this.#process = undefined;
        reject(new EndedAtStart(`redis-server ended with status ${code}: ${log.slice(-500)}`));
      });
      server.stdout.on('data', (chunk) => {
        log += chunk;
        if (log.includes('Ready to accept connections')) resolve();
      });
    });
    server.removeAllListeners('exit');
  }

  /** Kills it like a power cut. */
  async kill(): Promise<void> {
    const server = this.#process;
    if (!server) return;
    this.#process = undefined;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  }

  /** Freezes it, as when its machine swaps: connections stay, nothing is answered. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}
