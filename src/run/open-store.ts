/** The stores that there are. */
import type { Fence } from './fence.ts';
import { LocalStore } from './local-store.ts';
import type { Store, StoreAddress } from './store.ts';

export function openStore(address: StoreAddress): Store {
  switch (address.kind) {
    case 'local':
      return new LocalStore(address.root, address.fence);
  }
}

/** Opens the store at an address; tests give one that fails. */
export type OpenStore = typeof openStore;

/** The store in a folder of this machine. */
export function localStore(root: string, fence: Fence | null = null): Store {
  return openStore({ kind: 'local', root, fence });
}
