/** A column of numbers that grows. */
export class Grow {
  values = new Float64Array(256);
  length = 0;

  push(value: number): void {
    if (this.length === this.values.length) {
      const next = new Float64Array(2 * this.length);
      next.set(this.values);
      this.values = next;
    }
    this.values[this.length++] = value;
  }
}
