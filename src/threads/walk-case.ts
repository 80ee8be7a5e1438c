/** A gzip case read as a stream: nothing is inflated twice and nothing is stored. */

import { voxelCount } from '../base/box.ts';
import type { BufferBudget } from '../base/buffer-budget.ts';
import { InputError } from '../base/errors.ts';
import { boxesOfBundle, bundleCount } from '../run/plan/bundles.ts';
import { type CasePlan, voxelBytes } from '../run/plan/case-plan.ts';
import { CaseStream, roomFor } from '../volumes/case-reader.ts';

/** Scores the bundle whose stored bytes are in the buffer: each channel's, then the reference's. */
export type ScoreBytes = (bundle: number, bytes: SharedArrayBuffer) => Promise<void>;

/**
 * Reads a gzip case once from its start and has its missing bundles scored on the way, while the stream goes on. The checksums
 * at the end are part of it: until it returns the case is not done. @throws InputError
 */
export async function walkCase(
  buffers: BufferBudget,
  plan: CasePlan,
  missing: ReadonlySet<number>,
  signal: AbortSignal,
  score: ScoreBytes,
): Promise<void> {
  const stream = new CaseStream(plan);
  const running = new Set<Promise<void>>();
  /** Of the bundle that failed first in the file. */
  let failure: { readonly bundle: number; readonly error: unknown } | undefined;
  try {
    for (let bundle = 0; bundle < bundleCount(plan); bundle++) {
      signal.throwIfAborted();
      const voxels = boxesOfBundle(plan, bundle).reduce((sum, { shape }) => sum + voxelCount(shape), 0);
      const buffer = await buffers.take(voxels * voxelBytes(plan), signal);
      try {
        await stream.read(roomFor(plan, voxels, buffer));
      } catch (error) {
        buffers.giveBack(buffer);
        throw error;
      }
      // A value that cannot be scored may come from damage that only a checksum tells: the files are read to their ends first.
      if (failure && !(failure.error instanceof InputError)) throw failure.error;
      if (failure || !missing.has(bundle)) {
        buffers.giveBack(buffer);
        continue;
      }
      const work = score(bundle, buffer)
        .catch((error: unknown) => {
          if (!failure || bundle < failure.bundle) failure = { bundle, error };
        })
        .finally(() => {
          buffers.giveBack(buffer);
          running.delete(work);
        });
      running.add(work);
    }
    await stream.finish();
  } finally {
    stream.close();
    await Promise.all(running);
  }
  if (failure) throw failure.error;
}
