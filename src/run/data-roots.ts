/** The folders below which volumes may be read, whatever a plan, a job or a list of cases names. */
import { fstatSync, lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { InputError, UsageError } from '../base/errors.ts';
import type { ManifestCase } from '../cases/types.ts';
import { guardVolumes } from '../volumes/open-volume.ts';
import type { CasePlan } from './plan/case-plan.ts';

export class DataRoots {
  readonly #roots: readonly string[];

  /** @throws UsageError for a folder that is not there. */
  constructor(folders: readonly string[]) {
    this.#roots = folders.map((folder) => {
      try {
        return realpathSync(folder);
      } catch (cause) {
        throw new UsageError('data-root', `--data-root: ${folder} is not there or cannot be read`, {
          file: folder,
          field: 'data-root',
          cause,
        });
      }
    });
  }

  /** @throws InputError for a file that lies elsewhere, symbolic links followed. */
  check(file: string, caseId?: string): void {
    if (!this.#holds(realPath(file))) throw outside(file, caseId);
  }

  /**
   * From now on this thread reads volumes below these folders only, by the file that was opened: a path that passed `check`
   * may lead elsewhere a moment later. `runFolder`: the run's own, in which staged copies are.
   */
  guard(runFolder?: string): void {
    const inside = runFolder === undefined ? undefined : `${realPath(runFolder)}${sep}`;
    guardVolumes((fd, path) => {
      const real = openedPath(fd, path);
      if (real === undefined) throw outside(path);
      if (!this.#holds(real) && !(inside !== undefined && real.startsWith(inside))) throw outside(path);
    });
  }

  #holds(real: string): boolean {
    return this.#roots.some((root) => real.startsWith(root === sep ? sep : root + sep));
  }

  checkCase({ id, predictions, reference }: ManifestCase): void {
    for (const file of [...predictions, reference]) this.check(file, id);
  }

  /** `staging`: the run's own folder, in which staged copies stand. */
  checkPlan({ predictions, reference }: CasePlan, staging: string): void {
    const inside = `${realPath(staging)}${sep}`;
    for (const { path, dataPath } of [...predictions, reference]) {
      this.check(path);
      if (dataPath !== path && !realPath(dataPath).startsWith(inside)) this.check(dataPath);
    }
  }
}

function outside(file: string, caseId?: string): InputError {
  return new InputError(
    'outside-data-roots',
    `${caseId === undefined ? '' : `case ${caseId}: `}${file}: lies outside the data folders that workers may read; move it, or start the workers with a --data-root that holds it`,
    { ...(caseId === undefined ? {} : { caseId }), file },
  );
}

/** Where an opened file is: by the kernel where it tells, else by a path that leads to the same file; undefined if none. */
function openedPath(fd: number, path: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    const real = realPath(path);
    const [opened, found] = [fstatSync(fd, { bigint: true }), lstatSync(real, { bigint: true })];
    return opened.dev === found.dev && opened.ino === found.ino ? real : undefined;
  }
}

/** The real path; of a file that is missing, that of the nearest folder that is there. */
function realPath(file: string): string {
  const path = resolve(file);
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realPath(parent), basename(path));
  }
}
