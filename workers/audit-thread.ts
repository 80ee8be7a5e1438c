/** Entry point of the thread that audits: it has TensorFlow, or what there is in its place. */

import type { AuditStep } from '../src/audit/audit-case.ts';
import { auditUnavailable } from '../src/audit/available.ts';
import { packError } from '../src/base/packed-error.ts';
import { DataRoots } from '../src/run/data-roots.ts';

const dataRoots = process.argv.slice(2);
const roots = dataRoots.length > 0 ? new DataRoots(dataRoots) : undefined;
const ready = prepare();

async function prepare() {
  const [{ useBackend }, { auditCase }, tf] = await Promise.all([
    import('../src/tfjs/backend.ts'),
    import('../src/audit/audit-case.ts'),
    import('@tensorflow/tfjs'),
  ]).catch((cause: unknown) => {
    throw auditUnavailable(cause);
  });
  tf.env().set('PROD', true);
  const { description } = await useBackend();
  return (step: AuditStep) => auditCase(step, description, roots);
}
// A fault is told by the first step.
ready.catch(() => {});

/** Errors are returned, not thrown: a thrown one would lose its class and fields on the way to the other thread. */
export default async function audit(step: AuditStep): Promise<unknown> {
  try {
    return { value: await (await ready)(step) };
  } catch (error) {
    return { error: packError(error) };
  }
}
