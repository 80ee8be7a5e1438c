/** The options that would pair the names of two folders, for a message about names that did not match. */
import { UsageError } from '../base/errors.ts';
import { listVolumes } from './list-volumes.ts';
import { baseName, caseOf, compilePattern } from './name-pattern.ts';
import { type Naming, pairLists } from './pair-folders.ts';

export interface Suggestion {
  /** As on the command line: `--prediction-suffix _seg --recursive`. */
  readonly options: string;
  /** References that it pairs, of all that it makes cases of. */
  readonly paired: number;
  readonly of: number;
}

/** Names that are compared pair by pair, and on which a guess is tried; those of an archive are alike. */
const mostCompared = 40;
const mostCounted = 400;
/** Guesses that are tried on all names. */
const mostTried = 12;
/** Text that two names share within words is taken for a case from this length on. */
const leastWithinWords = 4;

/** A pattern for the names of each side. */
interface Guess {
  readonly prediction: string;
  readonly reference: string;
  readonly recursive: boolean;
}

/** Options that pair more references than `paired`; undefined where none is found. */
export function suggestNaming(
  predictionsDir: string,
  referencesDir: string,
  { recursive }: Naming,
  paired: number,
): Suggestion | undefined {
  for (const deep of recursive ? [true] : [false, true]) {
    const predictions = listVolumes(predictionsDir, deep);
    const references = listVolumes(referencesDir, deep);
    const [ours, theirs] = [predictions, references].map(({ paths }) => [...paths.keys()]);
    const tried = guesses(ours!, theirs!, deep).flatMap((guess): Suggestion[] => {
      try {
        const { cases } = pairLists(predictions, references, namingOf(guess));
        const found = cases.filter(({ missing }) => missing === undefined).length;
        return [{ options: optionsOf(guess), paired: found, of: cases.length }];
      } catch (error) {
        if (error instanceof UsageError) return [];
        throw error;
      }
    });
    const [best] = tried.sort((a, b) => b.paired - a.paired);
    if (best && best.paired > paired) return best;
  }
  return undefined;
}

/** Those that pair most names first; of equal ones those that end the case at the end of a word. */
function guesses(predictions: readonly string[], references: readonly string[], recursive: boolean): Guess[] {
  const found = new Map<string, { guess: Guess; count: number; rank: number }>();
  const add = (prediction: string, reference: string, rank: number) => {
    const guess = { prediction, reference, recursive };
    const key = JSON.stringify(guess);
    if (found.has(key)) return;
    const cases = casesOf(reference, references);
    const count = [...casesOf(prediction, predictions)].filter((name) => cases.has(name)).length;
    found.set(key, { guess, count, rank });
  };
  add('{case}', '{case}', 0);
  for (const reference of references.slice(0, mostCompared)) {
    for (const prediction of predictions.slice(0, mostCompared)) {
      const names = [baseName(prediction), baseName(reference)] as const;
      const common = longestCommon(...names);
      const within = common.length >= leastWithinWords ? common : '';
      for (const [rank, text] of [wholeWords(common, ...names), lastNumber(...names), within].entries()) {
        if (text !== '') add(around(names[0], text), around(names[1], text), 1 + rank);
      }
      if (recursive) add(byFolder(prediction), byFolder(reference), 4);
    }
  }
  const length = ({ prediction, reference }: Guess) => prediction.length + reference.length;
  return [...found.values()]
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count || a.rank - b.rank || length(a.guess) - length(b.guess))
    .slice(0, mostTried)
    .map(({ guess }) => guess);
}

function casesOf(pattern: string, stems: readonly string[]): Set<string> {
  const compiled = compilePattern(pattern, '--prediction-pattern');
  return new Set(stems.slice(0, mostCounted).flatMap((stem) => caseOf(compiled, stem) ?? []));
}

function around(name: string, text: string): string {
  const at = name.indexOf(text);
  return `${name.slice(0, at)}{case}${name.slice(at + text.length)}`;
}

/** Of `p1/anat/p1_seg` the first folder is the case; a name without folders is one itself. */
function byFolder(stem: string): string {
  const [folder, ...rest] = stem.split('/');
  return rest.length === 0 ? '{case}' : `{case}/${rest.join('/').replaceAll(folder!, '{case}')}`;
}

/** The last number of both names, if it is the same. */
function lastNumber(a: string, b: string): string {
  const [ofA, ofB] = [a, b].map((name) => name.match(/\d+/g)?.at(-1));
  return ofA !== undefined && ofA === ofB ? ofA : '';
}

function longestCommon(a: string, b: string): string {
  let [end, length] = [0, 0];
  let above = new Uint16Array(b.length + 1);
  for (let i = 0; i < a.length; i++) {
    const row = new Uint16Array(b.length + 1);
    for (let j = 0; j < b.length; j++) {
      if (a[i] !== b[j]) continue;
      row[j + 1] = above[j]! + 1;
      if (row[j + 1]! > length) [end, length] = [i + 1, row[j + 1]!];
    }
    above = row;
  }
  return a.slice(end - length, end);
}

/** Without what is a part of a longer word in either name: `sub-01_d` of `sub-01_dseg` and `sub-01_desc` is `sub-01`. */
function wholeWords(text: string, ...names: readonly string[]): string {
  const isLetter = (character: string | undefined) =>
    character !== undefined && /[\p{L}\p{N}]/u.test(character);
  const ends = names.map((name) => [name[name.indexOf(text) - 1], name[name.indexOf(text) + text.length]]);
  let kept = text;
  if (isLetter(kept.at(-1)) && ends.some(([, after]) => isLetter(after))) {
    kept = kept.replace(/[\p{L}\p{N}]+$/u, '');
  }
  if (isLetter(kept[0]) && ends.some(([before]) => isLetter(before))) {
    kept = kept.replace(/^[\p{L}\p{N}]+/u, '');
  }
  return kept.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');
}

function namingOf({ prediction, reference, recursive }: Guess): Naming {
  return {
    predictions: compilePattern(prediction, '--prediction-pattern'),
    references: compilePattern(reference, '--reference-pattern'),
    recursive,
  };
}

function optionsOf({ prediction, reference, recursive }: Guess): string {
  const side = (name: string, pattern: string) => {
    const [before, after, ...more] = pattern.split('{case}');
    if (before !== '' || more.length > 0 || /[/*{}]/.test(after!))
      return [`--${name}-pattern ${quoted(pattern)}`];
    return after === '' ? [] : [`--${name}-suffix ${quoted(after!)}`];
  };
  const options = [...side('prediction', prediction), ...side('reference', reference)];
  // A pattern with folders looks into them by itself.
  const isImplied = options.some((option) => option.includes('-pattern') && option.includes('/'));
  return [...(recursive && !isImplied ? ['--recursive'] : []), ...options].join(' ');
}

/** For a shell. */
function quoted(text: string): string {
  return /^[\w.=/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
