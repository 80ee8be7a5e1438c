/** How the files of a folder name their cases: `{case}_seg`, or with folders `{case}/seg`. */
import { UsageError } from '../base/errors.ts';
import { volumeEnding } from '../volumes/formats.ts';

export interface NamePattern {
  /** As the user gave it. */
  readonly text: string;
  /** Matched against the path below the folder, or the file's name alone; both without ending. */
  readonly whole: boolean;
  readonly regex: RegExp;
}

/** Every name is that of its case. */
export const plainNames = compilePattern('{case}', '');

/**
 * Reads a pattern. `{case}` stands for the case, and for the same text wherever it comes again; `*` is any text within a
 * name and a folder `**` any folders. A pattern with a `/` is of paths below the folder, others are of file names.
 * @throws UsageError for a pattern without `{case}`.
 */
export function compilePattern(text: string, flag: string): NamePattern {
  const pattern = text.normalize('NFC').replace(volumeEnding, '');
  if (!pattern.includes('{case}')) {
    throw new UsageError(
      'pattern',
      `${flag}: "${text}" must hold {case}, such as "{case}_seg" or "{case}/seg"`,
      {
        field: flag.replace(/^--/, ''),
      },
    );
  }
  let seen = false;
  const source = pattern.replace(/\{case\}|\*\*\/|\*|[^{*]+|./gs, (piece) => {
    if (piece === '{case}') {
      const group = seen ? '\\k<case>' : '(?<case>[^/]+)';
      seen = true;
      return group;
    }
    if (piece === '**/') return '(?:[^/]+/)*';
    return piece === '*' ? '[^/]*' : piece.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  });
  return { text, whole: pattern.includes('/'), regex: new RegExp(`^${source}$`, 'u') };
}

/** The case that a file belongs to; undefined for a name that the pattern does not fit. */
export function caseOf({ whole, regex }: NamePattern, stem: string): string | undefined {
  const name = stem.normalize('NFC');
  return regex.exec(whole ? name : baseName(name))?.groups?.case;
}

/** The last part of a path below a folder. */
export function baseName(stem: string): string {
  return stem.slice(stem.lastIndexOf('/') + 1);
}
