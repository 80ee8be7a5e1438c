import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../base/errors.ts';
import { byCodePoint } from './order.ts';

/** A volume is named by its `.nii` or `.hdr`, gzipped or not; an `.img` belongs to its `.hdr`. */
const volumeName = /^([^.].*?)\.(?:nii|hdr)(?:\.gz)?$/i;

/** The volumes of a folder. */
export interface VolumeList {
  /** Path by name without ending, in code-point order. */
  readonly paths: ReadonlyMap<string, string>;
  /** A line for each name that several files share, such as `a.nii` and `a.nii.gz`. */
  readonly duplicates: readonly string[];
}

/**
 * Lists the volumes of one folder; its subfolders, hidden files and files of other kinds are passed over.
 * @throws UsageError when the folder cannot be read.
 */
export function listVolumes(folder: string): VolumeList {
  const byStem = new Map<string, string[]>();
  for (const name of namesIn(folder).sort(byCodePoint)) {
    const stem = volumeName.exec(name)?.[1];
    if (stem !== undefined) byStem.set(stem, [...(byStem.get(stem) ?? []), name]);
  }
  const stems = [...byStem.keys()].sort(byCodePoint);
  return {
    paths: new Map(stems.map((stem) => [stem, join(folder, byStem.get(stem)![0]!)])),
    duplicates: stems
      .filter((stem) => byStem.get(stem)!.length > 1)
      .map((stem) => `${folder}: ${byStem.get(stem)!.join(', ')} share the name ${stem}`),
  };
}

function namesIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
  } catch (cause) {
    throw new UsageError('folder-unreadable', `${folder}: cannot list this folder`, { file: folder, cause });
  }
}
