/** The stores that there are. */
import type { Fence } from './fence.ts';
import { LocalStore } from './local-store.ts';
import type { Store, StoreAddress } from './store.ts';

const openers: { readonly [K in StoreAddress['kind']]: (address: StoreAddress) => Store } = {
  local: ({ root, fence }) => new LocalStore(root, fence),
};

export function openStore(address: StoreAddress): Store {
  return openers[address.kind](address);
}

/** Opens the store at an address; tests give one that fails. */
export type OpenStore = typeof openStore;

/** The store in a folder of this machine. */
export function localStore(root: string, fence: Fence | null = null): Store {
  return openStore({ kind: 'local', root, fence });
}
