/** Times and limits of the Redis engine, in milliseconds where not said otherwise. */
export interface Timing {
  /** A job whose worker has not renewed its lock for so long is given to another worker. */
  readonly lockMs: number;
  /** How often lost locks are looked for. */
  readonly stalledMs: number;
  /** Tries of a job that fails by a fault of the machine. */
  readonly attempts: number;
  /** Pause before the second try; doubled for each further one, at most `maxBackoffMs`. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** A tile or case whose workers died this often, and once more, is set aside. */
  readonly maxStalls: number;
  /** Jobs of tiles that take longer are stopped; that counts as a fault of the machine. */
  readonly stepTimeoutMs: number;
  /** Voxels of a tile job: small tiles are batched up to these, since less than about 0.1 s of work would not pay. */
  readonly jobVoxels: number;
  readonly heartbeatMs: number;
  /** A planner looks after the cases in flight this often, should an event be lost. */
  readonly pollMs: number;
  /** Pause after a connection was lost. */
  readonly reconnectMs: number;
}

export const defaultTiming: Timing = {
  lockMs: 30_000,
  stalledMs: 15_000,
  attempts: 5,
  backoffMs: 1000,
  maxBackoffMs: 60_000,
  // Workers also die for reasons of their own, several in a row: a case is not to be lost by such a coincidence.
  maxStalls: 8,
  stepTimeoutMs: 3_600_000,
  jobVoxels: 2 ** 22,
  heartbeatMs: 2000,
  pollMs: 2000,
  reconnectMs: 2000,
};

/** A planner does no work that kills: it may change its worker this often. */
export const maxPlannerStalls = 1000;
export const plannerAttempts = 30;
