/**
 * The plan of a case on this machine: made from its headers, gone on with where it is there, and what it needs at hand
 * (inflated copies of gzip files that cannot be streamed).
 */
import { InputError, PartialError } from '../base/errors.ts';
import type { ManifestCase } from '../cases/types.ts';
import type { DataRoots } from '../run/data-roots.ts';
import { planIdentity } from '../run/identity.ts';
import { type CasePlan, planCase } from '../run/plan/case-plan.ts';
import type { RunFolder } from '../run/run-folder.ts';
import type { RunSettings } from '../settings/run-settings.ts';
import { replacedInput, stampInputs } from '../volumes/input-stamps.ts';
import { stageRaw } from '../volumes/stage.ts';
import type { VolumeHeader } from '../volumes/types.ts';

export class CasePlanner {
  readonly #folder: RunFolder;
  readonly #settings: RunSettings;
  readonly #cases: readonly ManifestCase[];
  readonly #threadBytes: () => number;
  readonly #isOneStep: (plan: CasePlan) => boolean;
  readonly #dataRoots: DataRoots | undefined;

  /** As `CaseWork`. `isOneStep`: whether a case is scored in one step, so that nobody else has to read its plan. */
  constructor(
    folder: RunFolder,
    settings: RunSettings,
    cases: readonly ManifestCase[],
    threadBytes: () => number,
    isOneStep: (plan: CasePlan) => boolean,
    dataRoots?: DataRoots,
  ) {
    this.#folder = folder;
    this.#settings = settings;
    this.#cases = cases;
    this.#threadBytes = threadBytes;
    this.#isOneStep = isOneStep;
    this.#dataRoots = dataRoots;
  }

  /**
   * Plans a case: reads its headers and inflates what must be. The plan is stored where others read it; one of this start of the
   * run that still holds is gone on with. Tiles that are there go on being used if this machine's memory holds the cut that they come from, which another
   * machine may have chosen. @throws InputError
   */
  async plan(index: number, signal: AbortSignal): Promise<CasePlan> {
    this.#dataRoots?.checkCase(this.#cases[index]!);
    const planned = await planCase(this.#cases[index]!, index, this.#settings, this.#threadBytes());
    this.#dataRoots?.checkPlan(planned, this.#folder.path);
    const before = this.before(index);
    const plan = {
      ...((before && (await this.#cutAsBefore(planned, before))) ?? planned),
      start: this.#start,
    };
    if (before?.id === plan.id && before.start === plan.start && isIntact(before)) return before;
    // Tiles of another plan would be refused; a plan that cannot be read says nothing about them.
    if (before !== undefined && before.id !== plan.id) {
      this.#folder.removeTiles(index, plan.predictions.length + 1);
    }
    const ready = plan.mode === 'stage' ? await this.#stage(plan, signal) : plan;
    if (ready.staged.length > 0 || !this.#isOneStep(ready)) this.#folder.writePlan(ready);
    return ready;
  }

  /** The plan with the cut of the stored one, if that is of the same files and memory holds it. */
  async #cutAsBefore(plan: CasePlan, before: CasePlan): Promise<CasePlan | undefined> {
    const { tileShape, bundleTiles } = before;
    if (before.of !== plan.of || before.id === plan.id || this.#settings.tileShape !== null) return undefined;
    if (this.#folder.store.list(this.#folder.tiles(plan.index)).length === 0) return undefined;
    try {
      const settings = { ...this.#settings, tileShape };
      const again = await planCase(this.#cases[plan.index]!, plan.index, settings, this.#threadBytes());
      if (again.bundleTiles < bundleTiles) return undefined;
      return { ...again, bundleTiles, id: planIdentity(plan.of, this.#settings, { ...again, bundleTiles }) };
    } catch (error) {
      if (error instanceof InputError) return undefined;
      throw error;
    }
  }

  /** The plan that this start of the run has made of a case; made again where it was damaged, or its inflated copies were. */
  async planned(index: number, signal: AbortSignal): Promise<CasePlan> {
    const plan = this.before(index);
    return plan?.start === this.#start && isIntact(plan) ? plan : this.plan(index, signal);
  }

  /** Number of this start of the run among all. */
  get #start(): number {
    return this.#folder.store.address.fence?.number ?? 0;
  }

  /** The stored plan, whatever start of the run it is of; undefined where none can be believed. */
  before(index: number): CasePlan | undefined {
    if (!this.#folder.store.has(this.#folder.plan(index))) return undefined;
    try {
      return this.#folder.readPlan(index);
    } catch (error) {
      if (error instanceof PartialError) return undefined;
      throw error;
    }
  }

  /** Inflates the gzip files of a case to raw ones and gives the plan that reads those. @throws InputError */
  async #stage(plan: CasePlan, signal: AbortSignal): Promise<CasePlan> {
    const copies: string[] = [];
    const stageOne = (header: VolumeHeader, file: number) => {
      if (!header.compressed) return header;
      const path = this.#folder.store.scratch(this.#folder.staged(plan.index, file));
      copies.push(path);
      return stageRaw(header, path, signal);
    };
    const predictions: VolumeHeader[] = [];
    for (const header of plan.predictions) predictions.push(await stageOne(header, predictions.length));
    const reference = await stageOne(plan.reference, predictions.length);
    return { ...plan, mode: 'tiles', predictions, reference, staged: stampInputs(copies) };
  }
}

/** Whether the inflated copies of a plan are as they were made. */
function isIntact({ staged }: CasePlan): boolean {
  return stampInputs(staged.map(({ file }) => file)).length === staged.length && !replacedInput(staged);
}
