/** The embedded engine: this process and its threads, no server. */
import { setTimeout as delay } from 'node:timers/promises';
import { lastValueFrom } from 'rxjs';
import { DefectError, InputError, MachineError } from '../base/errors.ts';
import { mapConcurrently } from '../base/map-concurrently.ts';
import { namedError } from '../base/named-error.ts';
import { tileGrid } from '../base/tile-grid.ts';
import { type CaseOutcomeRecord, unscored } from '../run/case-outcome.ts';
import { hasLostOwnership } from '../run/fence.ts';
import type { CaseWork } from './case-work.ts';
import type { Engine, EngineRequest } from './engine.ts';
import { type CaseDelivery, endCase, scoreCase } from './score-case.ts';

/** Faults of the machine are tried again this often, after 0.2 s, 0.4 s, ... */
const maxRetries = 3;
const firstRetryMs = 200;

export class EmbeddedEngine implements Engine {
  readonly #work: CaseWork;
  readonly #threads: number;
  readonly #keepShards: boolean;

  constructor(work: CaseWork, threads: number, keepShards: boolean) {
    this.#work = work;
    this.#threads = threads;
    this.#keepShards = keepShards;
  }

  async run({ pending, signal, emit }: EngineRequest): Promise<void> {
    // A case more than there are threads, so that the end of one case leaves no thread idle.
    const lanes = Math.min(pending.length, this.#threads + 1);
    const outcomes = mapConcurrently(pending, lanes, async (index) => {
      emit({ kind: 'case', outcome: await this.#score(index, signal, emit) });
    });
    await lastValueFrom(outcomes, { defaultValue: undefined });
  }

  async #score(index: number, signal: AbortSignal, emit: EngineRequest['emit']): Promise<CaseOutcomeRecord> {
    let isAnnounced = false;
    const delivery: CaseDelivery = {
      keepShards: this.#keepShards,
      lanes: this.#threads + 1,
      signal,
      onPlan(plan) {
        if (!isAnnounced) emit({ kind: 'planned', tiles: tileGrid(plan.shape, plan.tileShape).length });
        isAnnounced = true;
      },
      onTiles: (done) => emit({ kind: 'tiles', ...done }),
    };
    try {
      return await this.#retrying(signal, () => scoreCase(this.#work, index, delivery));
    } catch (error) {
      signal.throwIfAborted();
      const fault = namedError(error);
      if (fault instanceof DefectError || hasLostOwnership(error)) throw error;
      const { id } = this.#work.cases[index]!;
      return endCase(
        this.#work,
        unscored(index, id, fault instanceof InputError ? 'failed' : 'incomplete', fault),
      );
    }
  }

  /** Tries again when the machine failed; partials that are there already are not made again. */
  async #retrying<T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    for (let retries = 0; ; retries++) {
      try {
        return await attempt();
      } catch (error) {
        const isMachine = namedError(error) instanceof MachineError && !hasLostOwnership(error);
        if (!isMachine || retries === maxRetries) throw error;
        await delay(firstRetryMs * 2 ** retries, undefined, { signal });
      }
    }
  }
}
