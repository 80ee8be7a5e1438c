/** The finished runs of a work folder whose cases can be looked at. */
import { isRunId } from '../../engines/redis/jobs.ts';
import { openPlaces, type Places } from '../../engines/redis/places.ts';
import { readFinished, resultsOf } from '../../engines/redis/run-record.ts';
import { DataRoots } from '../../run/data-roots.ts';
import { CaseReader } from '../viewer/case-reader.ts';
import { FinishedCases } from '../viewer/finished-cases.ts';

/** Runs whose results are held at once. */
const mostOpened = 4;

export class FinishedRuns {
  readonly #places: Places;
  readonly #dataRoots: readonly string[];
  readonly #reader = new CaseReader();
  /** By run, with the time of its results: a run that was retried has others. */
  readonly #opened = new Map<string, { readonly changedAt: number; readonly cases: FinishedCases }>();

  /** @throws UsageError for a data folder that is not there. */
  constructor(workRoot: string, dataRoots: readonly string[]) {
    this.#places = openPlaces(workRoot);
    this.#dataRoots = dataRoots;
    new DataRoots(dataRoots);
  }

  /** Undefined for a run that is not there or has no results yet. */
  async find(run: string): Promise<FinishedCases | undefined> {
    if (!isRunId(run)) return undefined;
    const folder = this.#places.newFolder(run);
    const results = resultsOf(folder);
    const changedAt = readFinished(folder)?.finishedAt;
    if (changedAt === undefined || !results.has('results.json')) return undefined;
    const known = this.#opened.get(run);
    if (known?.changedAt === changedAt) return known.cases;
    const cases = new FinishedCases(results.pathOf(''), this.#reader, { dataRoots: this.#dataRoots });
    this.#opened.delete(run);
    this.#opened.set(run, { changedAt, cases });
    if (this.#opened.size > mostOpened) this.#opened.delete(this.#opened.keys().next().value!);
    return cases;
  }

  close(): Promise<void> {
    return this.#reader.close();
  }
}
