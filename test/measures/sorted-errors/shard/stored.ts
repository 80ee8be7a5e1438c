import { basename, dirname } from 'node:path';
import type { ByteSource } from '../../../../src/base/byte-source.ts';
import {
  encodeShard,
  type SectionContent,
  ShardFile,
} from '../../../../src/measures/sorted-errors/shard/file.ts';
import { localStore } from '../../../../src/run/open-store.ts';
import { eachShard } from '../../../../src/run/tile-partial.ts';

/** A shard alone in a file, at a path of choice. */
export function writeShardFile(path: string, about: object, sections: readonly SectionContent[]): void {
  localStore(dirname(path)).put(basename(path), encodeShard(about, sections));
}

export function openShard(path: string): { readonly shard: ShardFile; readonly source: ByteSource } {
  const store = localStore(dirname(path));
  const name = basename(path);
  const source = store.open(name);
  if (source === undefined) {
    for (const _ of eachShard(store, [{ name, of: '' }]));
    throw new Error(`${path}: there is no such file`);
  }
  try {
    return { shard: ShardFile.at(source), source };
  } catch (error) {
    source.close();
    throw error;
  }
}
