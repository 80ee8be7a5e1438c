/**
 * Where the engine finds what jobs only name: the folder of a run, and the volumes. This is all that the queue's workers
 * know of storage; an object store would be another implementation.
 */
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { MachineError, UsageError } from '../../base/errors.ts';
import { RunFolder } from '../../run/run-folder.ts';
import { checkRunId, isRunId } from './jobs.ts';

export interface Places {
  /** The folder of a run that is there. @throws MachineError when it cannot be seen from here. */
  folder(runId: string): RunFolder;
  /** The folder of a run that is to be made. */
  newFolder(runId: string): RunFolder;
  /** Ids of the runs that are there, newest first. */
  runs(): string[];
}

/** One folder, `workRoot`, on a file system that the submitter, the workers and the dashboard share. */
export class SharedFolders implements Places {
  readonly #root: string;

  constructor(workRoot: string) {
    this.#root = resolve(workRoot);
    try {
      mkdirSync(this.#root, { recursive: true });
      if (!statSync(this.#root).isDirectory()) throw new Error('not a folder');
    } catch (cause) {
      throw new UsageError('work-root', `${workRoot}: cannot be used as the folder of all runs`, {
        file: workRoot,
        field: 'redis.workRoot',
        cause,
      });
    }
  }

  folder(runId: string): RunFolder {
    const folder = this.newFolder(runId);
    if (existsSync(join(folder.root, 'settings.json'))) return folder;
    throw new MachineError(
      'run-folder-missing',
      `${folder.root}: the folder of this run cannot be seen from here; all must use the same --work-root`,
      { file: folder.root },
    );
  }

  newFolder(runId: string): RunFolder {
    return new RunFolder(join(this.#root, checkRunId(runId)));
  }

  runs(): string[] {
    return readdirSync(this.#root)
      .filter((name) => isRunId(name) && existsSync(join(this.#root, name, 'settings.json')))
      .sort()
      .reverse();
  }
}
