import type { AuditStep } from '../../src/audit/audit-case.ts';
import type { Step } from '../../src/threads/steps.ts';
import { type StepResults, ThreadPool } from '../../src/threads/thread-pool.ts';

/** A pool whose steps are done in the thread of the test, by a function of its own. */
export class SameThreadPool extends ThreadPool {
  readonly #run: (step: Step | AuditStep) => unknown;

  constructor(threads: number, run: (step: Step | AuditStep) => unknown) {
    super(threads, [], { ownThread: true });
    this.#run = run;
  }

  override async run<S extends Step | AuditStep>(step: S): Promise<StepResults[S['kind']]> {
    return structuredClone(await this.#run(step)) as never;
  }
}
