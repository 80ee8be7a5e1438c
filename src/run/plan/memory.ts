/** The one place that divides memory among threads, asked on the machine that does the work. */
import { availableParallelism } from 'node:os';
import { UsageError } from '../../base/errors.ts';
import type { Config } from '../../settings/schema.ts';

const mebi = 2 ** 20;
/** What the process takes besides the memory of its threads: Node itself, code, plans and results. */
const processBytes = 192 * mebi;
/** A thread's tables and a small tile. */
const leastThreadBytes = 8 * mebi;
/** As many as can be asked for. */
const mostThreads = 256;

export interface MemoryPlan {
  readonly threads: number;
  /** What each thread may take for a tile. */
  readonly threadBytes: number;
}

/**
 * Each thread has its share twice (its kernels, and a tile of a stream on its way to it), and two more tiles wait.
 * `hardwareThreads`: what the machine offers; `auto` takes all, but no more than memory holds.
 * @throws UsageError when memory does not hold the threads asked for, or not one.
 */
export function planMemory(
  { memory, threads: wanted }: Pick<Config, 'memory' | 'threads'>,
  hardwareThreads = availableParallelism(),
): MemoryPlan {
  const held = Math.floor(((memory - processBytes) / leastThreadBytes - 2) / 2);
  const threads = wanted === 'auto' ? Math.max(1, Math.min(hardwareThreads, held, mostThreads)) : wanted;
  const threadBytes = Math.floor((memory - processBytes) / (2 * threads + 2));
  if (threadBytes >= leastThreadBytes) return { threads, threadBytes };
  const leastMebi = (processBytes + leastThreadBytes * (2 * threads + 2)) / mebi;
  const advice = `give --memory ${leastMebi}MiB or more${threads === 1 ? '' : ', or fewer --threads'}`;
  throw new UsageError(
    'memory-budget',
    `memory: (${memory} - ${processBytes} bytes for the process) / (2 x ${threads} threads + 2) = ${threadBytes} bytes per thread, at least ${leastThreadBytes} are needed; ${advice}`,
    { field: 'memory' },
  );
}
