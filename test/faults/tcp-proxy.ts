/**
 * A network that misbehaves as told, between clients and one server: it lets through, holds back, delays, cuts, answers
 * to nothing, or forgets connections as a firewall does (what clients send is acknowledged and goes nowhere).
 */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** Neither side hears of the other again. */
  forgotten: boolean;
}

export class TcpProxy {
  readonly #listener: Server;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #pairs = new Set<Pair>();
  #isStalled = false;
  #isHalfOpen = false;
  #delayMs = 0;

  private constructor(listener: Server, target: { readonly host: string; readonly port: number }) {
    this.#listener = listener;
    this.#target = target;
    listener.on('connection', (client) => this.#join(client));
  }

  static async start(port: number, host = '127.0.0.1'): Promise<TcpProxy> {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return new TcpProxy(listener, { host, port });
  }

  get port(): number {
    return (this.#listener.address() as { port: number }).port;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  /** Holds all bytes back until `resume`; connections stay, and new ones are accepted. */
  stall(): void {
    this.#isStalled = true;
    for (const pair of this.#pairs) this.#settle(pair);
  }

  /** Ends every fault but what was forgotten. */
  resume(): void {
    this.#isStalled = false;
    this.#isHalfOpen = false;
    this.#delayMs = 0;
    for (const pair of this.#pairs) this.#settle(pair);
  }

  /** Every byte takes `ms` longer. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /** Cuts all connections with a reset; new ones are let through. */
  drop(): void {
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  /** What clients send arrives; what the server answers does not, until `resume`. */
  halfOpen(): void {
    this.#isHalfOpen = true;
    for (const pair of this.#pairs) this.#settle(pair);
  }

  /** Forgets all connections of this moment, without a word to either side; new ones are let through. */
  forget(): void {
    for (const pair of this.#pairs) {
      pair.forgotten = true;
      this.#settle(pair);
    }
  }

  async close(): Promise<void> {
    this.#listener.close();
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
    await once(this.#listener, 'close');
  }

  #join(client: Socket): void {
    const pair: Pair = { client, server: connect(this.#target), forgotten: false };
    const { server } = pair;
    this.#pairs.add(pair);
    const end = () => {
      this.#pairs.delete(pair);
      // Whose connection was forgotten does not hear that the other side is gone.
      if (!pair.forgotten || client.destroyed) client.destroy();
      if (!pair.forgotten || client.destroyed) server.destroy();
    };
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on('data', (chunk) => {
        // A firewall that forgot acknowledges and passes on nothing.
        if (pair.forgotten) return;
        if (this.#delayMs === 0) to.write(chunk);
        else setTimeout(() => to.write(chunk), this.#delayMs);
      });
      from.on('error', () => {});
      from.on('close', end);
    }
    this.#settle(pair);
  }

  /** Reads from a side exactly while its bytes may go on, or while they are thrown away. */
  #settle({ client, server, forgotten }: Pair): void {
    const held = this.#isStalled && !forgotten;
    if (held) client.pause();
    else client.resume();
    if (held || (this.#isHalfOpen && !forgotten)) server.pause();
    else server.resume();
  }
}
