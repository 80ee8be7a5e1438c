/**
 * When a worker dies, all jobs that it had at hand look alike. So a job whose workers have died repeatedly is run alone:
 * if it is to blame, it takes no other with it, and if it is not, it gets through.
 */

/** Lost workers after which a job is run alone. */
export const suspectStalls = 2;

export class Quarantine {
  #running = 0;
  #isClosed = false;
  #onIdle: (() => void) | undefined;

  /** Whether a suspect runs, or waits for the others to end: nothing else may begin. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  async run<T>(alone: boolean, work: () => Promise<T>): Promise<T> {
    if (alone) {
      this.#isClosed = true;
      if (this.#running > 0) {
        await new Promise<void>((resolve) => {
          this.#onIdle = resolve;
        });
      }
    }
    this.#running++;
    try {
      return await work();
    } finally {
      this.#running--;
      if (alone) this.#isClosed = false;
      if (this.#running === 0) this.#onIdle?.();
    }
  }
}
