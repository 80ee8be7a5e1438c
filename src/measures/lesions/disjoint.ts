/** Numbers that are found to be one, step by step; each is known by the smallest that it is one with. */
export class Disjoint {
  #parents = new Int32Array(1024);
  #length = 0;

  /** How many numbers there are. */
  get length(): number {
    return this.#length;
  }

  /** A new number, the next. */
  add(): number {
    this.#reserve(this.#length);
    return this.#length - 1;
  }

  find(number: number): number {
    if (number >= this.#length) return number;
    const parents = this.#parents;
    let at = number;
    while (parents[at] !== at) {
      const next = parents[parents[at]!]!;
      parents[at] = next;
      at = next;
    }
    return at;
  }

  unite(a: number, b: number): void {
    if (a >= this.#length || b >= this.#length) this.#reserve(Math.max(a, b));
    const [rootA, rootB] = [this.find(a), this.find(b)];
    if (rootA < rootB) this.#parents[rootB] = rootA;
    else if (rootB < rootA) this.#parents[rootA] = rootB;
  }

  /** All numbers up to `number` exist. */
  #reserve(number: number): void {
    if (number >= this.#parents.length) {
      const next = new Int32Array(2 * (number + 1));
      next.set(this.#parents.subarray(0, this.#length));
      this.#parents = next;
    }
    while (this.#length <= number) this.#parents[this.#length] = this.#length++;
  }
}
