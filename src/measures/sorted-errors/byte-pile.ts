/** Bytes gathered from parts in memory that is used again: copies that were thrown away came to half the memory of a run. */
export class BytePile {
  #bytes = new Uint8Array(1 << 16);
  #length = 0;

  add(part: Uint8Array): void {
    const length = this.#length + part.length;
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(2 * length);
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(part, this.#length);
    this.#length = length;
  }

  clear(): void {
    this.#length = 0;
  }

  /** What was added, until `clear`. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** What the merge that was last in this thread has written of each side: one set for all, since each is stored before the next. */
export const mergedPayloads = [new BytePile(), new BytePile()] as const;
