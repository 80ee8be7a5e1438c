/** Limits how often a password may be guessed: a client that was wrong often waits, with a right password as well. */

/** Wrong passwords that a client may give within a minute. */
const allowed = 10;
const periodMs = 60_000;
/** Clients remembered; the longest unheard goes first. */
const mostClients = 10_000;

export class Guesses {
  readonly #clients = new Map<string, { wrong: number; readonly until: number }>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Seconds that a client has to wait before it is heard again; 0 where it is heard. */
  waitSeconds(client: string): number {
    const known = this.#clients.get(client);
    if (known === undefined || known.wrong < allowed) return 0;
    return Math.max(0, Math.ceil((known.until - this.#now()) / 1000));
  }

  /** A client gave a wrong password. */
  wrong(client: string): void {
    const known = this.#clients.get(client);
    const isRecent = known !== undefined && known.until > this.#now();
    const entry = isRecent ? known : { wrong: 0, until: this.#now() + periodMs };
    entry.wrong++;
    this.#clients.delete(client);
    this.#clients.set(client, entry);
    if (this.#clients.size > mostClients) this.#clients.delete(this.#clients.keys().next().value!);
  }
}
