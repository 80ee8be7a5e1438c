import { UsageError } from '../base/errors.ts';
import { listVolumes, type VolumeList } from './list-volumes.ts';
import { nameCases, suffixOf } from './name-cases.ts';
import { type NamePattern, plainNames } from './name-pattern.ts';
import { byCodePoint } from './order.ts';
import type { ManifestCase } from './types.ts';

/** How file names say which case they are of. */
export interface Naming {
  readonly predictions: NamePattern;
  readonly references: NamePattern;
  /** Whether subfolders are looked into. */
  readonly recursive: boolean;
}

export const plainNaming: Naming = { predictions: plainNames, references: plainNames, recursive: false };

export interface PairedFolders {
  /** A case for each reference, by code points of the ids. */
  readonly cases: readonly ManifestCase[];
  /** Files that belong to no reference. */
  readonly unmatchedPredictions: readonly string[];
  /** References without a prediction; each is a case that is `missing`. */
  readonly unmatchedReferences: readonly string[];
  /** Files of the references' folder that its pattern does not fit: no case is made of them. */
  readonly otherReferences: readonly string[];
}

/**
 * Pairs predictions with references by the case that their names tell, as nnU-Net names them: the endings `.nii`,
 * `.nii.gz`, `.hdr` and `.hdr.gz` do not count, and predictions `a_0000`, `a_0001` are the class channels of the
 * reference `a`. The case's id is what its reference's name tells of it, and with the folders before it where several
 * folders hold the same. A prediction that has exactly the name of a reference belongs to it, suffix or not. A channel
 * that is absent between others is listed under the name that it should have, so that its case fails with the missing
 * file.
 *
 * @throws UsageError that lists every name that several files share or that can be understood in two ways.
 */
export function pairFolders(
  predictionsDir: string,
  referencesDir: string,
  naming: Naming = plainNaming,
): PairedFolders {
  return pairLists(
    listVolumes(predictionsDir, naming.recursive),
    listVolumes(referencesDir, naming.recursive),
    naming,
  );
}

/** The same of folders that were listed already. */
export function pairLists(
  listedPredictions: VolumeList,
  listedReferences: VolumeList,
  naming: Naming,
): PairedFolders {
  const { predictions, references } = nameCases(listedPredictions, listedReferences, naming);
  const faults = [
    ...listedPredictions.duplicates,
    ...listedReferences.duplicates,
    ...predictions.duplicates,
    ...references.duplicates,
  ];

  const channels = groupChannels(predictions.paths, references.paths);
  const bases = loneBases(references.paths);
  const used = new Set<string>();
  const cases = [...references.paths].map(([id, reference]): ManifestCase => {
    const base = bases.get(id);
    const exact = predictions.paths.get(id) ?? (base === undefined ? undefined : predictions.paths.get(base));
    const numbered = channels.get(id);
    const siblings = base === undefined ? undefined : channels.get(base);
    const clash = exact === undefined ? undefined : (numbered ?? siblings);
    if (clash) {
      const files = [exact, ...clash.values()].join(', ');
      faults.push(
        `${reference}: ${files} may be one prediction or channels of it; rename them or use a manifest`,
      );
    }
    const files = exact === undefined ? withGaps(numbered) : [exact];
    for (const file of [...files, ...(clash?.values() ?? [])]) used.add(file);
    return files.length === 0
      ? { id, predictions: [], reference, missing: 'prediction' }
      : { id, predictions: files, reference };
  });

  if (faults.length > 0) {
    const advice = 'Keep one file a name, or name the files in a manifest.';
    const message = ['names that are not clear:', ...faults.map((fault) => `  - ${fault}`), advice].join(
      '\n',
    );
    throw new UsageError('pairing-ambiguous', message);
  }
  return {
    cases: cases.sort((a, b) => byCodePoint(a.id, b.id)),
    unmatchedPredictions: [...listedPredictions.paths.values()].filter((file) => !used.has(file)),
    unmatchedReferences: cases.filter((entry) => entry.missing).map((entry) => entry.reference),
    otherReferences: references.others,
  };
}

/**
 * `a_0000` to `a` for the references that kept the suffix of their one image. Where `a_0001` or `a` is a reference
 * as well, the digits number the cases.
 */
function loneBases(references: ReadonlyMap<string, string>): Map<string, string> {
  const alike = new Map<string, number>();
  const suffixed = [...references.keys()].map((id) => ({ id, suffix: suffixOf(id) }));
  for (const { suffix } of suffixed) {
    if (suffix) alike.set(suffix.base, (alike.get(suffix.base) ?? 0) + 1);
  }
  return new Map(
    suffixed.flatMap(({ id, suffix }): [string, string][] =>
      suffix?.channel === 0 && alike.get(suffix.base) === 1 && !references.has(suffix.base)
        ? [[id, suffix.base]]
        : [],
    ),
  );
}

/** Channel files by the name that they share; a file that has exactly a reference's name is not a channel. */
function groupChannels(
  predictions: ReadonlyMap<string, string>,
  references: ReadonlyMap<string, string>,
): Map<string, Map<number, string>> {
  const groups = new Map<string, Map<number, string>>();
  for (const [stem, file] of predictions) {
    const suffix = suffixOf(stem);
    if (suffix === undefined || references.has(stem)) continue;
    const group = groups.get(suffix.base) ?? new Map<number, string>();
    groups.set(suffix.base, group.set(suffix.channel, file));
  }
  return groups;
}

/** The files of channels 0, 1, ... up to the last; a gap gets the name that its neighbour suggests. */
function withGaps(channels: ReadonlyMap<number, string> | undefined): string[] {
  if (channels === undefined) return [];
  const [[known, file]] = [...channels] as [[number, string]];
  const mark = `_${digits(known)}`;
  const at = file.lastIndexOf(mark);
  return Array.from(
    { length: Math.max(...channels.keys()) + 1 },
    (_, channel) =>
      channels.get(channel) ?? `${file.slice(0, at)}_${digits(channel)}${file.slice(at + mark.length)}`,
  );
}

function digits(channel: number): string {
  return String(channel).padStart(4, '0');
}
