/** A store that is no folder: what a second kind of store takes, and the proof that nothing of a run goes past its store. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ByteSource } from '../../src/base/byte-source.ts';
import { checkFence } from '../../src/run/fence.ts';
import type { OpenStore } from '../../src/run/open-store.ts';
import type { Store, StoreAddress } from '../../src/run/store.ts';

/** Opens stores in the memory of this thread; those of one root are one. */
export function memoryStores(): OpenStore {
  const stored = new Map<string, Uint8Array>();
  return (address) => new MemoryStore(address, stored);
}

class MemoryStore implements Store {
  readonly address: StoreAddress;
  /** By path: `root/folder/name`. */
  readonly #stored: Map<string, Uint8Array>;

  constructor(address: StoreAddress, stored: Map<string, Uint8Array>) {
    this.address = address;
    this.#stored = stored;
  }

  below(folder: string): MemoryStore {
    return new MemoryStore({ ...this.address, root: this.pathOf(folder) }, this.#stored);
  }

  pathOf(name: string): string {
    return name === '' ? this.address.root : `${this.address.root}/${name}`;
  }

  has(name: string): boolean {
    return this.#stored.has(this.pathOf(name));
  }

  size(name: string): number | undefined {
    return this.#stored.get(this.pathOf(name))?.length;
  }

  open(name: string): ByteSource | undefined {
    const bytes = this.#stored.get(this.pathOf(name));
    if (bytes === undefined) return undefined;
    return {
      name,
      path: this.pathOf(name),
      byteLength: bytes.length,
      read(position, target) {
        const part = bytes.subarray(position, position + target.length);
        target.set(part);
        return part.length;
      },
      close() {},
    };
  }

  put(name: string, pieces: Iterable<Uint8Array>): number {
    const copies: Uint8Array[] = [];
    // A piece may be over the memory of the one before.
    for (const piece of pieces) copies.push(piece.slice());
    this.#mayChange();
    const bytes = Buffer.concat(copies);
    this.#stored.set(this.pathOf(name), bytes);
    return bytes.length;
  }

  take(name: string, from: Store, source: string): void {
    const bytes = from.open(source);
    if (bytes === undefined) throw new Error(`${from.pathOf(source)} is missing`);
    const whole = new Uint8Array(bytes.byteLength);
    bytes.read(0, whole);
    bytes.close();
    this.put(name, [whole]);
  }

  list(folder: string): string[] {
    const start = `${this.pathOf(folder)}/`;
    const below = [...this.#stored.keys()].filter((path) => path.startsWith(start));
    return [...new Set(below.map((path) => path.slice(start.length).split('/')[0]!))].sort();
  }

  remove(name: string): void {
    this.#mayChange();
    this.#stored.delete(this.pathOf(name));
  }

  clear(folder: string): void {
    this.#mayChange();
    const start = this.pathOf(folder);
    for (const path of this.#stored.keys()) {
      if (path === start || path.startsWith(`${start}/`)) this.#stored.delete(path);
    }
  }

  setAside(name: string): string {
    const aside = `damaged/${name.replaceAll('/', '-')}`;
    this.take(aside, this, name);
    this.remove(name);
    return aside;
  }

  scratch(name: string): string {
    return join(mkdtempSync(join(tmpdir(), 'voxtally-scratch-')), name.replaceAll('/', '-'));
  }

  /** What was not put as a whole is not here. */
  sweep(): void {}

  #mayChange(): void {
    if (this.address.fence) checkFence(this.address.fence);
  }
}
