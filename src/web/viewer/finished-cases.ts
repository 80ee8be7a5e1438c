/** The cases of a finished run, as the viewer asks for them. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UsageError } from '../../base/errors.ts';
import type { ResultsDocument, ScoredCaseResult } from '../../results/document.ts';
import { readResults } from '../../results/read.ts';
import { RunFolder, workFolder } from '../../run/run-folder.ts';
import type { CaseReducer } from './case-reducer.ts';
import type { ReducedCase } from './reduce-case.ts';
import { type ShownBox, shownBoxes } from './shown-boxes.ts';

export class FinishedCases {
  readonly results: ResultsDocument;
  readonly #root: string;
  readonly #reducer: CaseReducer;
  readonly #dataRoots: readonly string[];

  /**
   * `dataRoots`: the only folders below which volumes are read; any when there are none.
   * @throws UsageError when the folder holds no finished run.
   */
  constructor(outDir: string, reducer: CaseReducer, dataRoots: readonly string[] = []) {
    this.#root = join(resolve(outDir), workFolder);
    this.#reducer = reducer;
    this.#dataRoots = dataRoots;
    if (!existsSync(join(outDir, 'results.json')) || !existsSync(join(this.#root, 'cases.json'))) {
      throw new UsageError('no-run', `${outDir}: holds no finished run; give the --out folder of a score`, {
        file: outDir,
      });
    }
    this.results = readResults(outDir);
  }

  /** Undefined for a case that is not there or has no score. */
  scored(index: number): ScoredCaseResult | undefined {
    const entry = this.results.cases[index];
    return entry?.status === 'ok' ? entry : undefined;
  }

  /** The boxes with the most error of a class, worst first; none where the run says nothing of them. */
  boxes(index: number, className: string): ShownBox[] {
    return shownBoxes(new RunFolder(this.#root), index, className);
  }

  /**
   * A scored case, reduced; given up when `signal` says that nobody waits for it.
   * @throws InputError when a volume is gone, is not of the shape that was scored or lies outside the data folders; MachineError when too many cases are asked for.
   */
  reduced(index: number, className: string, signal?: AbortSignal): Promise<ReducedCase> {
    const shape = this.scored(index)!.shape;
    const request = { root: this.#root, case: index, shape, className, dataRoots: this.#dataRoots };
    return this.#reducer.reduce(request, signal);
  }
}
