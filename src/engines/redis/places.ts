/**
 * Where the engine finds what jobs only name: the store of a run, and who may change it. Another kind of store is another
 * implementation, which `openPlaces` chooses.
 */
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { MachineError, UsageError } from '../../base/errors.ts';
import { makeFolder } from '../../base/make-folder.ts';
import { saysMissing, storageError } from '../../base/storage-faults.ts';
import { checkFence, currentOwner } from '../../run/fence.ts';
import { Lease, ownerFolder } from '../../run/lease.ts';
import { localStore } from '../../run/open-store.ts';
import { RunFolder } from '../../run/run-folder.ts';
import { checkRunId, isRunId } from './jobs.ts';

export interface Places {
  /** The folder of all runs. */
  readonly root: string;
  /**
   * The folder of a run that is there; `start`: to write under that number.
   * @throws MachineError when it cannot be seen from here, `ownership-lost` when the run was started again since
   */
  folder(runId: string, start?: number): RunFolder;
  /** The folder of a run that may not be there. */
  newFolder(runId: string): RunFolder;
  /** The number of the run's last start; 0 before the first. */
  start(runId: string): number;
  /** Starts a run, or starts it again: whoever is still at work for an earlier start can change nothing any more. */
  startAgain(runId: string): RunFolder;
  /** Ids of the runs that are there, newest first. */
  runs(): string[];
}

/** A run that is not in the folder of all runs, which may be another than the one that was meant. */
export function unknownRun(run: string, workRoot: string): UsageError {
  return new UsageError(
    'run-unknown',
    `there is no run ${run} in ${resolve(workRoot)} (--work-root); voxtally status lists those that are there`,
    { field: 'run' },
  );
}

/** Where runs are kept by `workRoot`; with `make` to start runs or to work on them, else to look at them. */
export function openPlaces(workRoot: string, how?: { readonly make: boolean }): Places {
  return new SharedFolders(workRoot, how);
}

/** One folder, `workRoot`, on a file system that the submitter, the workers and the dashboard share. */
export class SharedFolders implements Places {
  readonly root: string;

  /** To look at runs, the folder need not be there yet. */
  constructor(workRoot: string, { make } = { make: false }) {
    this.root = resolve(workRoot);
    try {
      if (make) makeFolder(this.root);
      if (statSync(this.root, { throwIfNoEntry: false })?.isDirectory() === false)
        throw new Error('not a folder');
    } catch (cause) {
      throw new UsageError('work-root', `${workRoot}: cannot be used as the folder of all runs`, {
        file: workRoot,
        field: 'redis.workRoot',
        cause,
      });
    }
  }

  folder(runId: string, start?: number): RunFolder {
    const root = this.#rootOf(runId);
    const fence = start === undefined ? null : { folder: join(root, ownerFolder), number: start };
    const folder = new RunFolder(localStore(root, fence));
    if (!folder.store.has(folder.settings)) {
      throw new MachineError(
        'run-folder-missing',
        `${root}: the folder of this run cannot be seen from here; all must use the same --work-root`,
        { file: root },
      );
    }
    if (fence) checkFence(fence);
    return folder;
  }

  newFolder(runId: string): RunFolder {
    return new RunFolder(localStore(this.#rootOf(runId)));
  }

  start(runId: string): number {
    return currentOwner(join(this.#rootOf(runId), ownerFolder));
  }

  startAgain(runId: string): RunFolder {
    const root = this.#rootOf(runId);
    makeFolder(root);
    const { fence } = Lease.acquire(root, { forQueue: true });
    return new RunFolder(localStore(root, fence));
  }

  runs(): string[] {
    let names: string[];
    try {
      names = readdirSync(this.root);
    } catch (error) {
      if (saysMissing(error)) return [];
      throw storageError(this.root, 'could not be read', error);
    }
    return names
      .filter((name) => isRunId(name) && this.#isThere(name))
      .sort()
      .reverse();
  }

  #isThere(runId: string): boolean {
    const folder = this.newFolder(runId);
    return folder.store.has(folder.settings);
  }

  #rootOf(runId: string): string {
    return join(this.root, checkRunId(runId));
  }
}
