/** The cases of a finished run, as the viewer asks for them. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { planCase } from '../plan/case-plan.ts';
import type { ResultsDocument, ScoredCaseResult } from '../results/document.ts';
import type { DataRoots } from '../run/data-roots.ts';
import { RunFolder, workFolder } from '../run/run-folder.ts';
import { type ReducedCase, reduceCase } from './reduce-case.ts';

/** Reduced cases that are kept for the requests of their pages. */
const mostKept = 3;

export class FinishedCases {
  readonly results: ResultsDocument;
  readonly #folder: RunFolder;
  readonly #roots: DataRoots | undefined;
  readonly #kept = new Map<string, Promise<ReducedCase>>();

  /**
   * `roots`: the only folders below which volumes are read; any when there are none.
   * @throws UsageError when the folder holds no finished run.
   */
  constructor(outDir: string, roots?: DataRoots) {
    this.#folder = new RunFolder(join(resolve(outDir), workFolder));
    this.#roots = roots;
    const file = join(outDir, 'results.json');
    if (!existsSync(file) || !existsSync(join(this.#folder.root, 'cases.json'))) {
      throw new UsageError('no-run', `${outDir}: holds no finished run; give the --out folder of a score`, {
        file: outDir,
      });
    }
    this.results = JSON.parse(readFileSync(file, 'utf8')) as ResultsDocument;
  }

  /** Undefined for a case that is not there or has no score. */
  scored(index: number): ScoredCaseResult | undefined {
    const entry = this.results.cases[index];
    return entry?.status === 'ok' ? entry : undefined;
  }

  /** @throws InputError when a volume is gone, is not the one that was scored or lies outside the data folders. */
  reduced(index: number, className: string): Promise<ReducedCase> {
    const key = JSON.stringify([index, className]);
    const kept = this.#kept.get(key);
    if (kept) return kept;
    const work = this.#reduce(index, className);
    this.#kept.set(key, work);
    if (this.#kept.size > mostKept) this.#kept.delete(this.#kept.keys().next().value!);
    work.catch(() => this.#kept.delete(key));
    return work;
  }

  async #reduce(index: number, className: string): Promise<ReducedCase> {
    const entry = this.#folder.readCases()[index]!;
    const settings = this.#folder.readSettings();
    this.#roots?.checkCase(entry);
    const plan = await planCase(entry, index, settings);
    for (const { dataPath } of [...plan.predictions, plan.reference]) this.#roots?.check(dataPath, entry.id);
    return reduceCase(plan, settings, className);
  }
}
