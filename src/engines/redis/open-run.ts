/** The runs that a worker has at hand: their settings and cases, read once. */
import { basename, resolve } from 'node:path';
import type { BufferBudget } from '../../base/buffer-budget.ts';
import { VoxtallyError } from '../../base/errors.ts';
import type { ManifestCase } from '../../cases/types.ts';
import { type UnscoredOutcome, unscored } from '../../run/case-outcome.ts';
import type { DataRoots } from '../../run/data-roots.ts';
import type { RunFolder } from '../../run/run-folder.ts';
import { keepsCaseShards } from '../../settings/run-settings.ts';
import type { ThreadPool } from '../../threads/thread-pool.ts';
import { CaseWork } from '../case-work.ts';
import type { Places } from './places.ts';
import { type RunRecord, readRecord } from './run-record.ts';

export interface OpenRun {
  readonly id: string;
  /** Number of its start, under which all is written. */
  readonly start: number;
  readonly folder: RunFolder;
  readonly record: RunRecord;
  /** The cases as the user named their files; `work` has them by absolute paths. */
  readonly cases: readonly ManifestCase[];
  readonly work: CaseWork;
  readonly keepShards: boolean;
  /** As it is now: an operator may change it while the run goes on. */
  readonly priority: number;
}

/** Runs kept open at once; the longest unused goes first. */
const maxOpen = 8;

export class OpenRuns {
  readonly #places: Places;
  readonly #pool: ThreadPool;
  readonly #buffers: BufferBudget;
  readonly #threadBytes: () => number;
  readonly #dataRoots: DataRoots;
  readonly #open = new Map<string, OpenRun>();

  constructor(
    places: Places,
    pool: ThreadPool,
    buffers: BufferBudget,
    threadBytes: () => number,
    dataRoots: DataRoots,
  ) {
    this.#threadBytes = threadBytes;
    this.#places = places;
    this.#pool = pool;
    this.#buffers = buffers;
    this.#dataRoots = dataRoots;
  }

  /** The run in its last start. @throws as `get` */
  current(id: string): OpenRun {
    return this.get(id, this.#places.start(id));
  }

  /**
   * What is held of a run is bound to its start: a later one may have other files, and cut its work differently.
   * @throws MachineError or PartialError when the run's folder is not there or not whole, `ownership-lost` when the run was
   * started again since.
   */
  get(id: string, start: number): OpenRun {
    const folder = this.#places.folder(id, start);
    const known = this.#open.get(id);
    this.#open.delete(id);
    const run = known?.start === start ? known : this.#read(id, start, folder);
    this.#open.set(id, run);
    for (const [oldest] of this.#open) {
      if (this.#open.size <= maxOpen) break;
      this.#open.delete(oldest);
    }
    return run;
  }

  #read(id: string, start: number, folder: RunFolder): OpenRun {
    const record = readRecord(folder);
    const settings = folder.readSettings();
    const cases = folder.readCases();
    const absolute = cases.map((entry) => ({
      ...entry,
      predictions: entry.predictions.map((file) => resolve(record.base, file)),
      reference: resolve(record.base, entry.reference),
      ...(entry.image === undefined ? {} : { image: resolve(record.base, entry.image) }),
    }));
    const work = new CaseWork(
      folder,
      settings,
      absolute,
      this.#pool,
      this.#buffers,
      this.#threadBytes,
      this.#dataRoots,
    );
    const priority = new CurrentPriority(folder, record.priority);
    return {
      ...{ id, start, folder, record, cases, work },
      keepShards: keepsCaseShards(settings, cases.length),
      get priority() {
        return priority.value;
      },
    };
  }
}

/** How often the priority of a run is looked up, in milliseconds. */
const lookUpMs = 1000;

class CurrentPriority {
  readonly #folder: RunFolder;
  #value: number;
  #readAtMs = Date.now();

  constructor(folder: RunFolder, value: number) {
    this.#folder = folder;
    this.#value = value;
  }

  get value(): number {
    if (Date.now() - this.#readAtMs < lookUpMs) return this.#value;
    this.#readAtMs = Date.now();
    try {
      this.#value = readRecord(this.#folder).priority;
    } catch (error) {
      // The last one that was known does: the order of jobs decides nothing else.
      if (!(error instanceof VoxtallyError)) throw error;
    }
    return this.#value;
  }
}

/** The outcome of a case without numbers. It names files as the user did, from wherever they were read. */
export function unscoredAsGiven(
  { cases, record }: OpenRun,
  index: number,
  status: UnscoredOutcome['status'],
  error: VoxtallyError,
): UnscoredOutcome {
  const entry = cases[index]!;
  const outcome = unscored(index, entry.id, status, error);
  const folders = [...entry.predictions, entry.reference].map((file) => {
    const given = file.slice(0, file.length - basename(file).length);
    const absolute = resolve(record.base, file);
    return [absolute.slice(0, absolute.length - basename(absolute).length), given] as const;
  });
  const asGiven = (text: string) =>
    folders.reduce(
      (all, [absolute, given]) => (absolute === given ? all : all.replaceAll(absolute, given)),
      text,
    );
  const { message, file } = outcome.error;
  return {
    ...outcome,
    error: {
      ...outcome.error,
      message: asGiven(message),
      ...(file === undefined ? {} : { file: asGiven(file) }),
    },
  };
}
