/** A gzip case scored as a stream: nothing is inflated twice and nothing is stored. */

import { voxelCount } from '../base/box.ts';
import type { BufferBudget } from '../base/buffer-budget.ts';
import { boxesOfBundle, bundleCount } from '../run/plan/bundles.ts';
import { type CasePlan, channelHeaders, voxelBytes } from '../run/plan/case-plan.ts';
import type { StoreAddress } from '../run/store.ts';
import { openStream } from '../volumes/gzip-stream.ts';
import { datatypeBytes, type VolumeStream } from '../volumes/types.ts';
import type { TilesDone } from './steps.ts';
import type { ThreadPool } from './thread-pool.ts';

/**
 * Reads a gzip case once from its start and scores its missing bundles on the way, in the threads, while the stream goes
 * on. The checksums at the end are part of it: until it returns the case is not done. @throws InputError
 */
export async function walkCase(
  pool: ThreadPool,
  buffers: BufferBudget,
  store: StoreAddress,
  plan: CasePlan,
  missing: ReadonlySet<number>,
  signal: AbortSignal,
  onTiles: (done: TilesDone) => void,
): Promise<void> {
  const headers = [...channelHeaders(plan.predictions), plan.reference];
  const streams = headers.map((header) => openStream(header));
  const running = new Set<Promise<void>>();
  let failure: unknown;
  try {
    for (let bundle = 0; bundle < bundleCount(plan); bundle++) {
      signal.throwIfAborted();
      const voxels = boxesOfBundle(plan, bundle).reduce((sum, { shape }) => sum + voxelCount(shape), 0);
      const buffer = await buffers.take(voxels * voxelBytes(plan), signal);
      try {
        let at = 0;
        await readAll(streams, (stream, i) => {
          const bytes = voxels * datatypeBytes[headers[i]!.datatype];
          at += bytes;
          return stream.read(new Uint8Array(buffer, at - bytes, bytes));
        });
      } catch (error) {
        buffers.giveBack(buffer);
        throw error;
      }
      if (failure !== undefined) throw failure;
      if (!missing.has(bundle)) {
        buffers.giveBack(buffer);
        continue;
      }
      const work = pool
        .run({ kind: 'score-buffer', store, case: plan.index, plan: plan.id, bundle, bytes: buffer }, signal)
        .then(onTiles, (error: unknown) => {
          failure ??= error;
        })
        .finally(() => {
          buffers.giveBack(buffer);
          running.delete(work);
        });
      running.add(work);
    }
    await readAll(streams, (stream) => stream.finish());
  } finally {
    for (const stream of streams) stream.close();
    await Promise.all(running);
  }
  if (failure !== undefined) throw failure;
}

/**
 * Reads on in all streams and waits for all: a buffer is not given back while another file is still read into it.
 * @throws the fault of the first file that has one anywhere, whichever is met first: it must not depend on the tiles.
 */
async function readAll(
  streams: readonly VolumeStream[],
  read: (stream: VolumeStream, i: number) => Promise<void>,
): Promise<void> {
  const settled = await Promise.allSettled(streams.map(read));
  if (settled.every(({ status }) => status === 'fulfilled')) return;
  for (const [i, result] of settled.entries()) {
    if (result.status === 'rejected') throw result.reason;
    await streams[i]!.finish();
  }
}
