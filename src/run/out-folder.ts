/** The folder of a run's results, owned while it is written: the result files, and in `work` what the run must remember. */
import { randomBytes } from 'node:crypto';
import { lstatSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../base/errors.ts';
import { makeFolder } from '../base/make-folder.ts';
import { storageError } from '../base/storage-faults.ts';
import { checkFence } from './fence.ts';
import { Lease, type LeaseOptions } from './lease.ts';
import { type OpenStore, openStore } from './open-store.ts';
import { RunFolder, workFolder } from './run-folder.ts';
import type { Store } from './store.ts';

export class OutFolder {
  /** As the user gave it. */
  readonly path: string;
  /** The result files. */
  readonly store: Store;
  readonly #lease: Lease;

  private constructor(path: string, lease: Lease, open: OpenStore) {
    this.path = path;
    this.#lease = lease;
    this.store = open({ kind: 'local', root: resolve(path), fence: lease.fence });
  }

  /** The folder is there. @throws UsageError when another run owns it */
  static own(path: string, options: LeaseOptions = {}, open: OpenStore = openStore): OutFolder {
    return new OutFolder(path, Lease.acquire(resolve(path), options), open);
  }

  /** What a run of this machine remembers. @throws UsageError where it is kept elsewhere, by a run on the queue */
  get work(): RunFolder {
    if (this.#workKind() === 'link') throw otherEngine(this.path, 'redis');
    return new RunFolder(this.store.below(workFolder));
  }

  /** @throws UsageError where `work` is that of a run of this machine */
  checkLinkable(): void {
    if (this.#workKind() === 'folder') throw otherEngine(this.path, 'embedded');
  }

  /** Makes `work` that of a run which is kept elsewhere. */
  linkWork(run: RunFolder): void {
    this.checkLinkable();
    linkWork(this.store, run);
  }

  release(): void {
    this.#lease.release();
  }

  #workKind(): 'link' | 'folder' | undefined {
    const stats = lstatSync(this.store.pathOf(workFolder), { throwIfNoEntry: false });
    return stats && (stats.isSymbolicLink() ? 'link' : 'folder');
  }
}

/** Makes `work` beside results a link to the folder of their run, at once and whatever it was a link to. */
export function linkWork(results: Store, run: RunFolder): void {
  makeFolder(results.pathOf(''));
  const link = results.pathOf(workFolder);
  const temporary = `${link}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    symlinkSync(resolve(run.path), temporary, 'dir');
    const { fence } = results.address;
    if (fence) checkFence(fence);
    renameSync(temporary, link);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw storageError(link, 'could not be linked', error);
  }
}

function otherEngine(path: string, engine: string): UsageError {
  return new UsageError(
    'resume-engine',
    `--resume: ${path} holds a run of the other engine; go on with it by --engine ${engine}, or give another --out`,
    { file: path, field: 'engine' },
  );
}
