/** Voxels done over the last minute. */
const windowMs = 60_000;

export class RecentSpeed {
  readonly #startMs = Date.now();
  #done: { readonly atMs: number; readonly voxels: number }[] = [];

  add(voxels: number): void {
    this.#done.push({ atMs: Date.now(), voxels });
    if (this.#done.length > 10_000) this.#forget();
  }

  /** Voxels a second, over the last minute or since it began. */
  perSecond(): number {
    this.#forget();
    const seconds = Math.min(windowMs, Math.max(1000, Date.now() - this.#startMs)) / 1000;
    return this.#done.reduce((sum, { voxels }) => sum + voxels, 0) / seconds;
  }

  #forget(): void {
    const from = Date.now() - windowMs;
    this.#done = this.#done.filter(({ atMs }) => atMs >= from);
  }
}
