/**
 * Keeps the heap of a thread small. What a merge of many shards holds outlives two collections of young objects, and then
 * stays, with the memory of its arrays, until the heap has grown by tens of megabytes: in each thread of a long run.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** A collection takes about 5 ms; small cases leave so much once in some hundred steps, large tiles hardly ever. */
const mostGrowthBytes = 8 * 2 ** 20;

export class HeapTrimmer {
  readonly #usedBytes: () => number;
  readonly #collect: () => void;
  /** The smallest heap since the last collection. */
  #leastBytes = Number.POSITIVE_INFINITY;

  constructor(usedBytes = usedHeapBytes, collect = collectGarbage) {
    this.#usedBytes = usedBytes;
    this.#collect = collect;
  }

  /** Between two steps: collects when the heap has grown by more than is worth keeping. */
  trim(): void {
    const used = this.#usedBytes();
    this.#leastBytes = Math.min(this.#leastBytes, used);
    if (used <= this.#leastBytes + mostGrowthBytes) return;
    this.#collect();
    this.#leastBytes = this.#usedBytes();
  }
}

function usedHeapBytes(): number {
  return getHeapStatistics().used_heap_size;
}

let collector: (() => void) | undefined;

function collectGarbage(): void {
  collector ??= exposedCollector();
  collector?.();
}

/**
 * The engine gives its collector to contexts that are made while this flag is set. Flags are of the whole process: where another
 * thread has put it back in between, there is none, and the next time has to do.
 */
export function exposedCollector(): (() => void) | undefined {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('globalThis.gc') as (() => void) | undefined;
  setFlagsFromString('--no-expose-gc');
  return collect;
}
