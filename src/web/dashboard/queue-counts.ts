/** What metrics need of a BullMQ queue: counts only, never jobs. */
export interface CountedQueue {
  readonly name: string;
  getJobCounts(): Promise<Readonly<Record<string, number>>>;
  getMetrics(
    type: 'completed' | 'failed',
    start: number,
    end: number,
  ): Promise<{ readonly meta: { readonly count: number } }>;
}

export interface QueueCounts {
  readonly queue: string;
  /** Jobs by state. */
  readonly jobs: Readonly<Record<string, number>>;
  /** Since the queue exists; 0 unless the workers keep BullMQ's metrics. */
  readonly completed: number;
  readonly failed: number;
}

export function countQueues(queues: readonly CountedQueue[]): Promise<QueueCounts[]> {
  return Promise.all(
    queues.map(async (queue) => {
      const [jobs, completed, failed] = await Promise.all([
        queue.getJobCounts(),
        queue.getMetrics('completed', 0, 0),
        queue.getMetrics('failed', 0, 0),
      ]);
      return { queue: queue.name, jobs, completed: completed.meta.count, failed: failed.meta.count };
    }),
  );
}
