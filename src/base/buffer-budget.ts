/** Shared buffers on their way from streams to threads: at most `limit` at once, whoever asks waits for one. */
export class BufferBudget {
  readonly #limit: number;
  readonly #free: SharedArrayBuffer[] = [];
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A buffer of at least `bytes` bytes. @throws `signal.reason` when aborted while it waits. */
  async take(bytes: number, signal: AbortSignal): Promise<SharedArrayBuffer> {
    while (this.#taken >= this.#limit) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      if (!signal.aborted) continue;
      // Who leaves passes the turn on.
      this.#waiting.shift()?.();
      throw signal.reason;
    }
    this.#taken++;
    const fit = this.#free.findIndex((buffer) => buffer.byteLength >= bytes);
    if (fit >= 0) return this.#free.splice(fit, 1)[0]!;
    // A free one that is too small is dropped, so no more than `limit` exist.
    this.#free.pop();
    return new SharedArrayBuffer(bytes);
  }

  giveBack(buffer: SharedArrayBuffer): void {
    this.#taken--;
    this.#free.push(buffer);
    this.#waiting.shift()?.();
  }
}
