/** Wakes whoever waits for something. A ring that nobody waited for wakes the next one at once. */
export class Bell {
  #hasRung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#hasRung = true;
    this.#wake?.();
  }

  /** Waits for a ring, at most so long. @throws the reason of the signal */
  async heard(mostMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#hasRung) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, mostMs);
        signal.addEventListener('abort', this.#woken, { once: true });
      }).finally(() => {
        clearTimeout(timer);
        signal.removeEventListener('abort', this.#woken);
      });
    }
    this.#hasRung = false;
    this.#wake = undefined;
    signal.throwIfAborted();
  }

  readonly #woken = () => this.#wake?.();
}
