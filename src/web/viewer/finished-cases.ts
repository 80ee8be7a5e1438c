/** The cases of a finished run, as the viewer asks for them. */
import { dirname, join, resolve } from 'node:path';
import { UsageError } from '../../base/errors.ts';
import type { ResultsDocument } from '../../results/document.ts';
import { localStore } from '../../run/open-store.ts';
import { readResults } from '../../run/read-results.ts';
import { RunFolder, workFolder } from '../../run/run-folder.ts';
import { stampOf } from '../../volumes/input-stamps.ts';
import { type ReportTexts, reportTexts } from '../report/write-report.ts';
import type { CaseReader, RunningView } from './case-reader.ts';
import { scansOf } from './case-scans.ts';
import type { ViewPart } from './case-view.ts';
import { type PlaceList, placesOf } from './places.ts';

export interface ShownFrom {
  /** The only folders below which volumes are read; any when there are none. */
  readonly dataRoots?: readonly string[];
  /** A folder of scans, in place of those in the cases' own records. */
  readonly images?: string;
}

export class FinishedCases {
  readonly results: ResultsDocument;
  readonly #outDir: string;
  readonly #root: string;
  readonly #reader: CaseReader;
  readonly #dataRoots: readonly string[];
  readonly #images: ReadonlyMap<string, string>;

  /** @throws UsageError when the folder holds no finished run, or there is no folder of scans. */
  constructor(outDir: string, reader: CaseReader, { dataRoots = [], images }: ShownFrom = {}) {
    this.#outDir = outDir;
    this.#root = join(resolve(outDir), workFolder);
    this.#reader = reader;
    this.#dataRoots = dataRoots;
    const work = new RunFolder(localStore(this.#root));
    if (!localStore(outDir).has('results.json') || !work.store.has(work.cases)) {
      throw new UsageError('no-run', `${outDir}: holds no finished run; give the --out folder of a score`, {
        file: outDir,
      });
    }
    this.results = readResults(outDir);
    this.#images = images === undefined ? new Map() : scansOf(work.readCases(), images);
  }

  #report: Promise<ReportTexts> | undefined;

  /** The report of the run with links to these pages. It is made once. */
  report(): Promise<ReportTexts> {
    this.#report ??= reportTexts(this.#outDir, this.results, { viewer: '' });
    // What failed, such as a read, may work the next time.
    this.#report.catch(() => {
      this.#report = undefined;
    });
    return this.#report;
  }

  /** Why a case has no score. Folders of files are left out: they stay with those who run the scores. */
  reason(index: number): string {
    const entry = this.results.cases[index]!;
    if (entry.status === 'ok') return '';
    const stored = new RunFolder(localStore(this.#root)).readCases()[index];
    const files = stored ? [...stored.predictions, stored.reference] : [];
    const folders = new Set(files.map(dirname).filter((folder) => folder !== '.' && folder !== '/'));
    return [...folders].reduce((text, folder) => text.replaceAll(`${folder}/`, ''), entry.error.message);
  }

  /** Places of a class in a case that are worth a look; undefined for none. */
  places(index: number, className: string): PlaceList | undefined {
    return placesOf(new RunFolder(localStore(this.#root)), index, className);
  }

  /**
   * What is shown of a case that is there; given up when `signal` says that nobody waits for it. `progress` hears the
   * share that has been read. Of a case with a score there is no `side`, of one without nothing else.
   * @throws MachineError when too many cases are asked for. The promises reject with InputError when a volume is gone, is not the one that was scored or lies outside the data folders.
   */
  view(
    index: number,
    classIndex: number,
    part: ViewPart,
    signal?: AbortSignal,
    progress?: (share: number) => void,
  ): RunningView {
    const entry = this.results.cases[index]!;
    const image = this.#images.get(entry.id);
    const request = {
      root: this.#root,
      case: index,
      part,
      class: classIndex,
      classes: this.results.classes,
      ...(entry.status === 'ok' && { shape: entry.shape }),
      ...(image !== undefined && { image }),
      dataRoots: this.#dataRoots,
    };
    return this.#reader.start(request, signal, progress);
  }
}

/** Gives the run of a folder as it is now: it is read again when its results have changed. */
export function currentCases(outDir: string, reader: CaseReader, from: ShownFrom = {}): () => FinishedCases {
  const changedAt = () => stampOf(join(outDir, 'results.json'))?.modifiedMs;
  let known = { at: changedAt(), cases: new FinishedCases(outDir, reader, from) };
  return () => {
    const at = changedAt();
    if (at !== undefined && at !== known.at) known = { at, cases: new FinishedCases(outDir, reader, from) };
    return known.cases;
  };
}
