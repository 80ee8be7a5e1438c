/** The runs that a monitor has looked at, each opened once. */
import { VoxtallyError } from '../../base/errors.ts';
import type { ManifestCase } from '../../cases/types.ts';
import type { RunFolder } from '../../run/run-folder.ts';
import { isRunId } from './jobs.ts';
import type { Places } from './places.ts';
import { type RunRecord, readRecord } from './run-record.ts';

/** The lasting facts of a run. */
export interface KnownRun {
  readonly id: string;
  readonly folder: RunFolder;
  readonly record: RunRecord;
  readonly cases: readonly ManifestCase[];
}

export class KnownRuns {
  readonly #places: Places;
  readonly #known = new Map<string, KnownRun>();

  constructor(places: Places) {
    this.#places = places;
  }

  /** Undefined for a run that is not there, or not yet. */
  open(id: string): KnownRun | undefined {
    if (!isRunId(id)) return undefined;
    const known = this.#known.get(id);
    if (known?.folder.store.has(known.folder.settings)) return known;
    this.#known.delete(id);
    try {
      const folder = this.#places.folder(id);
      const opened = { id, folder, record: readRecord(folder), cases: folder.readCases() };
      this.#known.set(id, opened);
      return opened;
    } catch (error) {
      // A run that is being made, or was removed.
      if (error instanceof VoxtallyError) return undefined;
      throw error;
    }
  }
}
