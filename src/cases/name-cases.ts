/** From the volumes of two folders to the cases that their names tell. */
import type { VolumeList } from './list-volumes.ts';
import { baseName, caseOf, type NamePattern } from './name-pattern.ts';

export interface NamedVolumes {
  /** Path by case; a channel file's case keeps its `_0000`. */
  readonly paths: ReadonlyMap<string, string>;
  /** A line for each case that several files tell. */
  readonly duplicates: readonly string[];
  /** Files that the pattern does not fit. */
  readonly others: readonly string[];
}

interface Named {
  readonly id: string;
  /** The folders before the name, with a `/` at the end; empty for none, and where the pattern is of whole paths. */
  readonly folder: string;
  readonly path: string;
}

/** Where folders hold files of the same case, its id has the folders before it, on both sides. */
export function nameCases(
  predictions: VolumeList,
  references: VolumeList,
  patterns: { readonly predictions: NamePattern; readonly references: NamePattern },
): { readonly predictions: NamedVolumes; readonly references: NamedVolumes } {
  const ours = named(predictions, patterns.predictions, true);
  const theirs = named(references, patterns.references, false);
  const ids = new Set(theirs.volumes.map(({ id }) => id));
  const withFolders = ids.size < theirs.volumes.length;
  return { predictions: collect(ours, withFolders), references: collect(theirs, withFolders) };
}

function named({ paths }: VolumeList, pattern: NamePattern, hasChannels: boolean) {
  const volumes: Named[] = [];
  const others: string[] = [];
  for (const [stem, path] of paths) {
    const id = caseOf(pattern, stem) ?? (hasChannels ? channelCase(pattern, stem) : undefined);
    const folder = pattern.whole ? '' : stem.slice(0, stem.length - baseName(stem).length);
    if (id === undefined) others.push(path);
    else volumes.push({ id, folder, path });
  }
  return { volumes, others };
}

/** `a_seg_0001` under `{case}_seg` is channel 1 of `a`. */
function channelCase(pattern: NamePattern, stem: string): string | undefined {
  const suffix = suffixOf(stem);
  const id = suffix && caseOf(pattern, suffix.base);
  return id === undefined ? undefined : `${id}${stem.slice(suffix!.base.length)}`;
}

function collect(
  { volumes, others }: { readonly volumes: readonly Named[]; readonly others: readonly string[] },
  withFolders: boolean,
): NamedVolumes {
  const byId = new Map<string, string[]>();
  for (const { id, folder, path } of volumes) {
    const key = withFolders ? folder + id : id;
    byId.set(key, [...(byId.get(key) ?? []), path]);
  }
  return {
    paths: new Map([...byId].map(([id, [path]]) => [id, path!])),
    duplicates: [...byId]
      .filter(([, paths]) => paths.length > 1)
      .map(([id, paths]) => `${paths.join(', ')} are of the same case ${id}`),
    others,
  };
}

/** The suffix that numbers the channel files of one case. */
const channelSuffix = /^(.+)_(\d{4})$/s;

export function suffixOf(stem: string): { readonly base: string; readonly channel: number } | undefined {
  const match = channelSuffix.exec(stem);
  return match ? { base: match[1]!, channel: Number(match[2]) } : undefined;
}
