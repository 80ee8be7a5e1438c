/** A server that keeps what is posted to it, and answers as it is told. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, vi } from 'vitest';

export const notifySecret = 'a secret of enough length';

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly path: string;
}

export class Receiver {
  readonly received: Received[] = [];
  /** Statuses of the next answers; then 204. `silent` never answers. */
  answers: (number | 'silent')[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<Receiver> {
    const server = createServer();
    const receiver = new Receiver(server);
    server.on('request', async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      receiver.received.push({ headers: request.headers, body, path: request.url! });
      const status = receiver.answers.shift() ?? 204;
      if (status !== 'silent') response.writeHead(status, { Location: '/elsewhere' }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  /** The only notice so far. */
  get notice(): Record<string, unknown> {
    if (this.received.length !== 1) throw new Error(`${this.received.length} notices came`);
    return JSON.parse(this.received[0]!.body) as Record<string, unknown>;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A receiver for each test of this file, and the secret that notices to it are signed with. */
export function receiverForTests(): () => Receiver {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await Receiver.start();
    vi.stubEnv('VOXTALLY_NOTIFY_SECRET', notifySecret);
  });
  afterEach(() => receiver.stop());
  return () => receiver;
}
