/** The cases that the flags of `score` name. */
import { resolve } from 'node:path';
import { UsageError } from '../base/errors.ts';
import { addImages } from '../cases/images.ts';
import { refuseMissing } from '../cases/missing.ts';
import { compilePattern, type NamePattern, plainNames } from '../cases/name-pattern.ts';
import { type Naming, pairFolders } from '../cases/pair-folders.ts';
import { readManifest } from '../cases/read-manifest.ts';
import { type Suggestion, suggestNaming } from '../cases/suggest-naming.ts';
import { suspicionsOf } from '../cases/suspicions.ts';
import type { ManifestCase } from '../cases/types.ts';

/** Files that are named for one reason. */
const mostWarnings = 5;

export interface CaseSource {
  readonly manifest?: string;
  readonly predictions?: string;
  readonly references?: string;
  readonly predictionSuffix?: string;
  readonly referenceSuffix?: string;
  readonly predictionPattern?: string;
  readonly referencePattern?: string;
  readonly recursive?: boolean;
  readonly images?: string;
  readonly imageSuffix?: string;
  readonly imagePattern?: string;
}

export interface GatheredCases {
  readonly cases: readonly ManifestCase[];
  /** What the user should know of the pairing. */
  readonly warnings: readonly string[];
}

/** Flags that say how the two folders are paired. */
const pairingFlags = [
  'predictions',
  'references',
  'predictionSuffix',
  'referenceSuffix',
  'predictionPattern',
  'referencePattern',
] as const;

/**
 * The cases that `--manifest`, or `--predictions` and `--references`, name.
 * @throws UsageError for both or neither, no case at all, or a missing prediction under `fail-run`.
 */
export function gatherCases(source: CaseSource, missingPrediction: 'fail-case' | 'fail-run'): GatheredCases {
  const gathered = source.manifest === undefined ? fromFolders(source) : fromManifest(source);
  if (missingPrediction === 'fail-run') refuseMissing(gathered.cases);
  if (source.images === undefined) {
    if (source.imageSuffix === undefined && source.imagePattern === undefined) return gathered;
    throw new UsageError(
      'images',
      '--image-suffix and --image-pattern are of the files in --images <folder>',
      {
        field: 'images',
      },
    );
  }
  const pattern = sideOf('image', source.imageSuffix, source.imagePattern);
  const { cases, warnings } = addImages(gathered.cases, source.images, pattern, source.recursive === true);
  return { cases, warnings: [...gathered.warnings, ...warnings] };
}

function fromManifest(source: CaseSource): GatheredCases {
  const given = pairingFlags.find((name) => source[name] !== undefined);
  if (given !== undefined) {
    throw new UsageError(
      'cases-unclear',
      given === 'predictions' || given === 'references'
        ? 'give either --manifest, or --predictions and --references, not both'
        : `--${flagOf(given)} pairs two folders; a manifest names the files of each case itself`,
    );
  }
  const cases = readManifest(source.manifest!);
  return { cases, warnings: sharedFiles(cases) };
}

function flagOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Two cases of the same two files count them twice. */
function sharedFiles(cases: readonly ManifestCase[]): string[] {
  const first = new Map<string, string>();
  return cases.flatMap(({ id, predictions, reference }) => {
    const files = JSON.stringify([predictions, reference]);
    const earlier = first.get(files);
    first.set(files, earlier ?? id);
    return earlier === undefined ? [] : [`cases ${earlier} and ${id} are the same files`];
  });
}

function sideOf(side: string, suffix: string | undefined, pattern: string | undefined): NamePattern {
  if (suffix !== undefined && pattern !== undefined) {
    throw new UsageError('pattern', `give --${side}-suffix or --${side}-pattern, not both`, {
      field: `${side}-pattern`,
    });
  }
  if (pattern !== undefined) return compilePattern(pattern, `--${side}-pattern`);
  if (suffix === undefined || suffix === '') return plainNames;
  if (!/[/*{}]/.test(suffix)) return compilePattern(`{case}${suffix}`, `--${side}-suffix`);
  throw new UsageError(
    'pattern',
    `--${side}-suffix: "${suffix}" must be plain text that ends the names; --${side}-pattern takes {case}, * and folders`,
    { field: `${side}-suffix` },
  );
}

function fromFolders(source: CaseSource): GatheredCases {
  const { predictions, references } = source;
  if (predictions === undefined || references === undefined) {
    throw new UsageError('cases-unclear', 'say what to score: --predictions and --references, or --manifest');
  }
  const patterns = {
    predictions: sideOf('prediction', source.predictionSuffix, source.predictionPattern),
    references: sideOf('reference', source.referenceSuffix, source.referencePattern),
  };
  const naming: Naming = {
    ...patterns,
    recursive: source.recursive === true || patterns.predictions.whole || patterns.references.whole,
  };
  const found = pairFolders(predictions, references, naming);
  const { cases, unmatchedPredictions, unmatchedReferences, otherReferences } = found;
  const paired = cases.length - unmatchedReferences.length;
  const isPart = cases.length === 0 || unmatchedReferences.length > 0;
  const advice = isPart ? suggestNaming(predictions, references, naming, paired) : undefined;
  if (paired === 0) throw noPair(source, found, advice);
  const warnings = [
    ...suspicionsOf(predictions, references, patterns.predictions.text !== patterns.references.text),
    ...warnEach(other(unmatchedPredictions, cases), 'belongs to no reference and is left out'),
    ...warnEach(unmatchedReferences, 'has no prediction'),
    ...warnEach(other(otherReferences, cases), `does not fit ${patterns.references.text} and is left out`),
    ...(advice ? [`${paired} of ${cases.length} references are paired; ${advised(advice)}`] : []),
  ];
  return { cases, warnings };
}

/** Files that no case uses on its other side either, as where one folder holds both. */
function other(files: readonly string[], cases: readonly ManifestCase[]): string[] {
  const used = new Set(
    cases.flatMap(({ predictions, reference }) => [...predictions, reference].map((file) => resolve(file))),
  );
  return files.filter((file) => !used.has(resolve(file)));
}

/** One warning for each file, or for the first and the number of the rest where they are many. */
function warnEach(files: readonly string[], what: string): string[] {
  const rest = files.length - mostWarnings;
  return [
    ...files.slice(0, mostWarnings).map((file) => `${file} ${what}`),
    ...(rest > 0 ? [`the same of ${rest} more files`] : []),
  ];
}

function advised({ options, paired, of }: Suggestion): string {
  return `${options} pairs ${paired} of ${of}`;
}

function noPair(
  { predictions, references }: CaseSource,
  { cases, otherReferences, unmatchedPredictions }: ReturnType<typeof pairFolders>,
  advice: Suggestion | undefined,
): UsageError {
  const say = (message: string) => new UsageError('cases-none', message);
  if (advice) {
    return say(
      `no file of ${predictions} has the name of one of ${references} as they are read now; add ${advice.options}, which pairs ${advice.paired} of ${advice.of} references`,
    );
  }
  if (cases.length === 0 && otherReferences.length === 0) {
    return say(`${references}: holds no .nii, .nii.gz or .hdr file to score against`);
  }
  if (unmatchedPredictions.length === 0) {
    return say(`${predictions}: holds no .nii, .nii.gz or .hdr file to score`);
  }
  const names = [unmatchedPredictions[0], cases[0]?.reference ?? otherReferences[0]].join(' and ');
  return say(
    `no file of ${predictions} has the name of one of ${references}, such as ${names}; names must be equal but for the ending and a channel suffix such as _0000, or say how they differ: --prediction-suffix _seg, --prediction-pattern '{case}/seg', --recursive, or name the files in a --manifest`,
  );
}
