/** A file system that fails by a script, below the stores of a run. */
import fs from 'node:fs';
import type { FileLayer } from '../../src/base/write-whole.ts';
import { LocalStore } from '../../src/run/local-store.ts';
import type { OpenStore } from '../../src/run/open-store.ts';

export interface Fault {
  /** The call that fails: `openSync`, `readSync`, ... */
  readonly call: keyof FileLayer;
  /** Paths of which it fails; calls on an opened file are told by the path that it was opened by. */
  readonly path: RegExp;
  /** `EIO`, `ENOSPC`, ... */
  readonly code: string;
  /** How often; for ever by default. */
  readonly times?: number;
}

/** The calls of a file system of which some fail. `met` counts the failures. */
export class FaultyFiles {
  readonly layer: FileLayer;
  faults: readonly Fault[];
  met = 0;
  readonly #met = new Map<Fault, number>();
  readonly #paths = new Map<number, string>();

  constructor(...faults: readonly Fault[]) {
    this.faults = faults;
    this.layer = new Proxy(fs, {
      get: (files, call: keyof FileLayer) => {
        if (typeof files[call] !== 'function') return files[call];
        return (...args: readonly unknown[]) => {
          const path = typeof args[0] === 'number' ? (this.#paths.get(args[0]) ?? '') : String(args[0]);
          this.#meet(call, path);
          const result = (files[call] as (...args: readonly unknown[]) => unknown)(...args);
          if (call === 'openSync') this.#paths.set(result as number, path);
          return result;
        };
      },
    });
  }

  get open(): OpenStore {
    return ({ root, fence }) => new LocalStore(root, fence, this.layer);
  }

  #meet(call: keyof FileLayer, path: string): void {
    for (const fault of this.faults) {
      const met = this.#met.get(fault) ?? 0;
      if (fault.call !== call || !fault.path.test(path) || met >= (fault.times ?? Number.POSITIVE_INFINITY))
        continue;
      this.#met.set(fault, met + 1);
      this.met++;
      const syscall = call.replace('Sync', '');
      throw Object.assign(new Error(`${fault.code}: by script, ${syscall} '${path}'`), {
        code: fault.code,
        syscall,
      });
    }
  }
}
