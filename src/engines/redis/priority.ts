/** Priorities of runs: lower is sooner. 0, which the queue would put before all, is never used. */
export const defaultPriority = 100;
export const maxPriority = 1000;
