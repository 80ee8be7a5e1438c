/**
 * Where a run keeps what it must remember: named records and shards, each whole or not there. Names have the form
 * `folder/name`; who writes a name again replaces what it held. Calls are synchronous, for readers of shards read ranges in the
 * midst of the kernels' loops; a store behind a network may block its thread, and has to retry what may pass.
 *
 * Another store is a file with a class, and its line in open-store.ts; CONTRIBUTING.md has the recipe, test/run/store.test.ts the contract.
 */
import type { ByteSource } from '../base/byte-source.ts';
import type { Fence } from './fence.ts';

export interface Store {
  /** All that another thread or process needs to open the same store. */
  readonly address: StoreAddress;
  /** The store of what lies below a folder, under the same fence. */
  below(folder: string): Store;
  /** Path or address of a name, for messages. */
  pathOf(name: string): string;
  has(name: string): boolean;
  /** Bytes of what is stored under a name; undefined when nothing is. */
  size(name: string): number | undefined;
  /** Undefined when nothing is stored under the name. */
  open(name: string): ByteSource | undefined;
  /**
   * Stores pieces behind each other, all or nothing. A piece may lie in memory that the next one overwrites: it is stored, or copied,
   * before the next is asked for. @returns their bytes
   */
  put(name: string, pieces: Iterable<Uint8Array>): number;
  /** Stores what another store, of any kind, has under a name; later changes of that one do not show here. */
  take(name: string, from: Store, source: string): void;
  /** Names directly below a folder, without it, in order; none when there is no such folder. */
  list(folder: string): string[];
  remove(name: string): void;
  /** Removes a name, or all below a folder; the whole store for ''. */
  clear(folder: string): void;
  /** Moves what is damaged out of the way, never to be used again but there to be looked at. @returns its new name */
  setAside(name: string): string;
  /** Path for a file that volumes are inflated to; it need not be stored anywhere else. */
  scratch(name: string): string;
  /** Removes what writers left that died: in the store's folder, and in those below it where that is `recursive`. */
  sweep(recursive: boolean): void;
}

/** A store as plain data: a member for each kind. `fence`: under which its writers write; null for those who only read. */
export type StoreAddress = LocalAddress;

export interface LocalAddress {
  readonly kind: 'local';
  readonly root: string;
  readonly fence: Fence | null;
}
