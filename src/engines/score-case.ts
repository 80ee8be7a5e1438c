/**
 * A case from its plan to its outcome: plan, tiles or one pass over gzip files, reduction, and again whatever was not to be
 * believed. Both engines run it; what they bring is who scores the tiles, who hears of it, and what is tried again.
 */
import { type CaseOutcomeRecord, type UnscoredOutcome, writeOutcome } from '../run/case-outcome.ts';
import type { CasePlan } from '../run/plan/case-plan.ts';
import type { TilesDone } from '../threads/steps.ts';
import type { CaseWork } from './case-work.ts';

/** What an engine does about a case. */
export interface CaseDelivery {
  readonly keepShards: boolean;
  /** Tiles of the case that are scored here at once. */
  readonly lanes: number;
  readonly signal: AbortSignal;
  /** The outcome, where others may have stored one. */
  stored?(): CaseOutcomeRecord | undefined;
  /** Whether the case was planned before, and its tiles given to others: that plan is gone on with. */
  readonly isPlanned?: boolean;
  /** Hears of the plan before the first tile, and may give tiles to others: it throws to come back when they are done. */
  onPlan?(plan: CasePlan): void | Promise<void>;
  onTiles(done: TilesDone): void;
}

/** @throws what `onPlan` throws, InputError for a case that has no score, MachineError, or the reason of the signal. */
export function scoreCase(work: CaseWork, index: number, delivery: CaseDelivery): Promise<CaseOutcomeRecord> {
  const { signal, keepShards } = delivery;
  return work.withRepairs(index, async (repairs) => {
    const before = delivery.stored?.();
    if (before) return before;
    const isPlanned = delivery.isPlanned || repairs > 0;
    const plan = await (isPlanned ? work.planned(index, signal) : work.plan(index, signal));
    if (repairs === 0) await delivery.onPlan?.(plan);
    // Who was given the same case may have been faster.
    const meanwhile = delivery.stored?.();
    if (meanwhile) return meanwhile;
    if (work.isOneTile(plan)) return work.scoreTile(plan, keepShards, signal, delivery.onTiles);
    await scoreTiles(work, plan, delivery);
    return work.reduce(plan, keepShards, signal);
  });
}

/** Scores the tiles that are missing. No lane writes any more when it returns or throws. */
async function scoreTiles(
  work: CaseWork,
  plan: CasePlan,
  { lanes, signal, onTiles }: CaseDelivery,
): Promise<void> {
  if (plan.mode === 'stream') {
    await work.walk(plan, signal, onTiles);
    return;
  }
  const bundles = work.missingBundles(plan).values();
  const faults: unknown[] = [];
  const lane = async () => {
    for (const bundle of bundles) {
      if (faults.length > 0 || signal.aborted) return;
      onTiles(await work.scoreBundle(plan, bundle, signal));
    }
  };
  await Promise.all(Array.from({ length: lanes }, () => lane().catch((fault) => faults.push(fault))));
  signal.throwIfAborted();
  if (faults.length > 0) throw faults[0];
}

/** Stores that a case has no score; its tiles are gone then. */
export function endCase(work: CaseWork, outcome: UnscoredOutcome): CaseOutcomeRecord {
  writeOutcome(work.folder, outcome);
  work.discardTiles(outcome.index);
  return outcome;
}
