/** A store in a folder, of this machine or of a drive that several share. */
import fs from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import type { ByteSource } from '../base/byte-source.ts';
import { makeFolder } from '../base/make-folder.ts';
import { errorCode, persist, saysMissing, storageError } from '../base/storage-faults.ts';
import { type FileLayer, isAbandoned, writeWhole } from '../base/write-whole.ts';
import { checkFence, type Fence } from './fence.ts';
import type { Store, StoreAddress } from './store.ts';

/** Here lies what was set aside. */
const damagedFolder = 'damaged';

export class LocalStore implements Store {
  readonly address: StoreAddress;
  readonly #root: string;
  readonly #fence: Fence | null;
  readonly #files: FileLayer;

  constructor(root: string, fence: Fence | null = null, files: FileLayer = fs) {
    this.address = { kind: 'local', root, fence };
    this.#root = root;
    this.#fence = fence;
    this.#files = files;
  }

  pathOf(name: string): string {
    return name === '' ? this.#root : join(this.#root, name);
  }

  below(folder: string): LocalStore {
    return new LocalStore(this.pathOf(folder), this.#fence, this.#files);
  }

  has(name: string): boolean {
    return this.size(name) !== undefined;
  }

  size(name: string): number | undefined {
    const path = this.pathOf(name);
    // What is missing is asked for often: an error for it would cost ten times the call.
    const stats = this.#optional(path, () => this.#files.statSync(path, { throwIfNoEntry: false }));
    return stats?.isFile() ? stats.size : undefined;
  }

  open(name: string): ByteSource | undefined {
    const path = this.pathOf(name);
    const fd = this.#optional(path, () => this.#files.openSync(path, 'r'));
    return fd === undefined ? undefined : new LocalBytes(this.#files, fd, name, path);
  }

  put(name: string, pieces: Iterable<Uint8Array>): number {
    const path = this.pathOf(name);
    return writeWhole(path, pieces, this.#files, {
      makeFolder: () => this.#makeFolder(dirname(path)),
      mayPublish: () => this.#checkFence(),
    });
  }

  /** Linked where the file system can, else copied. */
  take(name: string, from: Store, source: string): void {
    const target = this.pathOf(name);
    this.#makeFolder(dirname(target));
    if (from instanceof LocalStore) {
      try {
        this.#checkFence();
        this.#files.linkSync(from.pathOf(source), target);
        return;
      } catch {}
    }
    const bytes = from.open(source);
    if (bytes === undefined) throw storageError(from.pathOf(source), 'is missing', missing(source));
    try {
      this.put(name, blocksOf(bytes));
    } finally {
      bytes.close();
    }
  }

  list(folder: string): string[] {
    const path = this.pathOf(folder);
    return this.#optional(path, () => this.#files.readdirSync(path))?.sort() ?? [];
  }

  remove(name: string): void {
    const path = this.pathOf(name);
    this.#change(path, 'could not be removed', () => this.#files.rmSync(path, { force: true }));
  }

  clear(folder: string): void {
    const path = this.pathOf(folder);
    this.#change(path, 'could not be removed', () => {
      try {
        this.#files.rmSync(path, { recursive: true, force: true });
      } catch (error) {
        // A mount point stays; that it is empty now is what was asked for.
        if (errorCode(error) !== 'EBUSY' || this.#files.readdirSync(path).length > 0) throw error;
      }
    });
  }

  setAside(name: string): string {
    const path = this.pathOf(name);
    const free = (serial: number): string => {
      const aside = `${damagedFolder}/${name.replaceAll('/', '-')}${serial === 0 ? '' : `.${serial}`}`;
      return this.has(aside) ? free(serial + 1) : aside;
    };
    const aside = free(0);
    const target = this.pathOf(aside);
    this.#makeFolder(dirname(target));
    this.#change(path, 'is damaged and could not be set aside', () => this.#rename(path, target));
    return aside;
  }

  scratch(name: string): string {
    const path = this.pathOf(name);
    this.#makeFolder(dirname(path));
    return path;
  }

  sweep(recursive: boolean): void {
    this.#checkFence();
    const read = () => this.#files.readdirSync(this.#root, { recursive, withFileTypes: true });
    for (const entry of this.#optional(this.#root, read) ?? []) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile() && isAbandoned(path)) this.remove(relative(this.#root, path).split(sep).join('/'));
    }
  }

  /** What somebody else has moved or removed already is out of the way. */
  #rename(path: string, target: string): void {
    try {
      this.#files.renameSync(path, target);
    } catch (error) {
      if (!saysMissing(error)) throw error;
    }
  }

  #checkFence(): void {
    if (this.#fence) checkFence(this.#fence, this.#files);
  }

  /** Undefined for what is not there. @throws MachineError for any other failure: it says nothing about what is there. */
  #optional<T>(path: string, call: () => T): T | undefined {
    try {
      return persist(call);
    } catch (error) {
      if (saysMissing(error)) return undefined;
      throw storageError(path, 'could not be read', error);
    }
  }

  #change(path: string, what: string, call: () => void): void {
    this.#checkFence();
    try {
      persist(call);
    } catch (error) {
      throw storageError(path, what, error);
    }
  }

  #makeFolder(path: string): void {
    this.#checkFence();
    makeFolder(path, this.#files);
  }
}

class LocalBytes implements ByteSource {
  readonly name: string;
  readonly path: string;
  readonly byteLength: number;
  readonly #files: FileLayer;
  readonly #fd: number;

  constructor(files: FileLayer, fd: number, name: string, path: string) {
    this.#files = files;
    this.#fd = fd;
    this.name = name;
    this.path = path;
    this.byteLength = this.#read(() => files.fstatSync(fd).size);
  }

  read(position: number, target: Uint8Array): number {
    let done = 0;
    while (done < target.length) {
      const length = Math.min(target.length - done, 1 << 30);
      const count = this.#read(() => this.#files.readSync(this.#fd, target, done, length, position + done));
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  close(): void {
    this.#files.closeSync(this.#fd);
  }

  #read<T>(call: () => T): T {
    try {
      return persist(call);
    } catch (error) {
      throw storageError(this.path, 'could not be read', error);
    }
  }
}

const blockBytes = 1 << 20;

function* blocksOf(bytes: ByteSource): Generator<Uint8Array> {
  const block = new Uint8Array(blockBytes);
  for (let at = 0; at < bytes.byteLength; ) {
    const count = bytes.read(at, block);
    if (count === 0) return;
    yield block.subarray(0, count);
    at += count;
  }
}

function missing(name: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`ENOENT: ${name}`), { code: 'ENOENT', syscall: 'open' });
}
