import { UsageError } from '../base/errors.ts';
import { refuseMissing } from '../cases/missing.ts';
import { pairFolders } from '../cases/pair-folders.ts';
import { readManifest } from '../cases/read-manifest.ts';
import { suspicionsOf } from '../cases/suspicions.ts';
import type { ManifestCase } from '../cases/types.ts';

export interface CaseSource {
  readonly manifest?: string;
  readonly predictions?: string;
  readonly references?: string;
}

export interface GatheredCases {
  readonly cases: readonly ManifestCase[];
  /** What the user should know of the pairing. */
  readonly warnings: readonly string[];
}

/**
 * The cases that `--manifest`, or `--predictions` and `--references`, name.
 * @throws UsageError for both or neither, no case at all, or a missing prediction under `fail-run`.
 */
export function gatherCases(source: CaseSource, missingPrediction: 'fail-case' | 'fail-run'): GatheredCases {
  const gathered = source.manifest === undefined ? fromFolders(source) : fromManifest(source);
  if (missingPrediction === 'fail-run') refuseMissing(gathered.cases);
  return gathered;
}

function fromManifest({ manifest, predictions, references }: CaseSource): GatheredCases {
  if (predictions !== undefined || references !== undefined) {
    throw new UsageError(
      'cases-unclear',
      'give either --manifest, or --predictions and --references, not both',
    );
  }
  return { cases: readManifest(manifest!), warnings: [] };
}

function fromFolders({ predictions, references }: CaseSource): GatheredCases {
  if (predictions === undefined || references === undefined) {
    throw new UsageError('cases-unclear', 'say what to score: --predictions and --references, or --manifest');
  }
  const { cases, unmatchedPredictions, unmatchedReferences } = pairFolders(predictions, references);
  if (cases.length === 0) {
    throw new UsageError('cases-none', `${references}: holds no .nii, .nii.gz or .hdr file to score against`);
  }
  if (unmatchedReferences.length === cases.length) {
    const advice = 'names must be equal but for the ending and a channel suffix such as _0000';
    throw new UsageError(
      'cases-none',
      `no file of ${predictions} has the name of one of ${references}; ${advice}`,
    );
  }
  const warnings = [
    ...suspicionsOf(predictions, references),
    ...unmatchedPredictions.map((file) => `${file} belongs to no reference and is left out`),
    ...unmatchedReferences.map((file) => `${file} has no prediction`),
  ];
  return { cases, warnings };
}
