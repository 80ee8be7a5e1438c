import { readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../base/errors.ts';
import { volumeEnding } from '../volumes/formats.ts';
import { byCodePoint } from './order.ts';

/** The volumes of a folder. */
export interface VolumeList {
  /** Path by the path below the folder without ending, `/` between its parts, in code-point order. */
  readonly paths: ReadonlyMap<string, string>;
  /** A line for each name that several files share, such as `a.nii` and `a.nii.gz`. */
  readonly duplicates: readonly string[];
}

/**
 * Lists the volumes of a folder, and with `recursive` those below its subfolders, links followed. Hidden files and files
 * of other kinds are passed over. Names are compared as NFC: the same name may be composed or not.
 * @throws UsageError when the folder cannot be read.
 */
export function listVolumes(folder: string, recursive = false): VolumeList {
  const byStem = new Map<string, string[]>();
  for (const name of volumesBelow(folder, recursive).sort(byCodePoint)) {
    const stem = name.replace(volumeEnding, '').normalize('NFC');
    byStem.set(stem, [...(byStem.get(stem) ?? []), name]);
  }
  const stems = [...byStem.keys()].sort(byCodePoint);
  return {
    paths: new Map(stems.map((stem) => [stem, join(folder, byStem.get(stem)![0]!)])),
    duplicates: stems
      .filter((stem) => byStem.get(stem)!.length > 1)
      .map((stem) => `${folder}: ${byStem.get(stem)!.join(', ')} share the name ${stem}`),
  };
}

/** Paths below the folder. */
function volumesBelow(folder: string, recursive: boolean): string[] {
  const volumes: string[] = [];
  const visit = (below: string, above: readonly string[]) => {
    const real = realpathSync(join(folder, below));
    // A link to a folder that holds it leads nowhere new.
    if (above.includes(real)) return;
    for (const entry of readdirSync(real, { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue;
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      const isFolder = entry.isSymbolicLink() ? leadsToFolder(join(real, entry.name)) : entry.isDirectory();
      if (isFolder && recursive) visit(path, [...above, real]);
      if (!isFolder && volumeEnding.test(entry.name)) volumes.push(path);
    }
  };
  try {
    visit('', []);
  } catch (cause) {
    const where = (cause as NodeJS.ErrnoException).path ?? folder;
    throw new UsageError('folder-unreadable', `${where}: cannot list this folder`, { file: where, cause });
  }
  return volumes;
}

function leadsToFolder(link: string): boolean {
  try {
    return statSync(link).isDirectory();
  } catch {
    return false;
  }
}
