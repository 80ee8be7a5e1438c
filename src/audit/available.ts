import { createRequire } from 'node:module';
import { UsageError } from '../base/errors.ts';

/** @throws UsageError when an audit cannot run here at all: nothing should be scored before that is known. */
export function checkAuditAvailable(): void {
  try {
    createRequire(import.meta.url).resolve('@tensorflow/tfjs');
  } catch (cause) {
    throw auditUnavailable(cause);
  }
}

export function auditUnavailable(cause: unknown): UsageError {
  const [reason] = (cause as Error).message.split('\n');
  return new UsageError(
    'audit-unavailable',
    `--audit needs the package @tensorflow/tfjs, which cannot be loaded: ${reason}; install it, or score without --audit`,
    { field: 'audit', cause },
  );
}
