import { existsSync } from 'node:fs';
import { UsageError } from '../base/errors.ts';
import type { ManifestCase } from './types.ts';

const mostListed = 20;

/**
 * The policy `missingPrediction: fail-run`: nothing runs while a prediction is not there.
 * @throws UsageError that lists the cases.
 */
export function refuseMissing(cases: readonly ManifestCase[]): void {
  const missing = cases.filter(
    ({ predictions, missing }) => missing || !predictions.every((file) => existsSync(file)),
  );
  if (missing.length === 0) return;
  const listed = missing.slice(0, mostListed).map(({ id }) => `  - ${id}`);
  const rest = missing.length > mostListed ? [`  - and ${missing.length - mostListed} more`] : [];
  const head = `${missing.length} of ${cases.length} cases have no prediction, and missingPrediction is fail-run:`;
  throw new UsageError('prediction-missing', [head, ...listed, ...rest].join('\n'), {
    field: 'missingPrediction',
  });
}
