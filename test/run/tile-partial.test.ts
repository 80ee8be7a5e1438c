/** A row of another kind than those of the losses: it sees whole tiles, stores bytes and leaves jobs. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Box, Vec3 } from '../../src/base/box.ts';
import { PartialError } from '../../src/base/errors.ts';
import { tileBox, tileGrid } from '../../src/base/tile-grid.ts';
import { writeWhole } from '../../src/base/write-whole.ts';
import { loadKernels } from '../../src/kernels/kernels.ts';
import type { CasePlace, Quantity } from '../../src/measures/quantity.ts';
import { TileScorer } from '../../src/measures/tile/tile-scorer.ts';
import { localStore } from '../../src/run/open-store.ts';
import { checkedTile, eachShard, encodeTile, TileCollector } from '../../src/run/tile-partial.ts';
import { resolveSettings } from '../../src/settings/resolve-settings.ts';
import { configSchema } from '../../src/settings/schema.ts';
import { golden } from '../support/golden.ts';
import { pair } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { randomNumbers } from './volumes.ts';

const folder = temporaryFolder();
const shape: Vec3 = [6, 5, 8];
const plane = 30;

/** Keeps the labels of both sides, the ignored ones among them, and has the planes counted by jobs. */
const planes: Quantity<number, number, readonly number[]> = {
  id: 'planes',
  needs: () => true,
  meter() {
    let both = [new Uint16Array(0), new Uint16Array(0)];
    return {
      whole(tile) {
        tile.decideWhole();
        const { codes, labels } = tile.regions;
        both = [codes, labels].map((at) =>
          new Uint16Array(tile.kernels.memory.buffer, at, tile.stored).slice(),
        );
      },
      partial: ({ voxels, stored }) => ({
        json: stored - voxels,
        blobs: both.map((side, i) => ({ name: `side-${i}`, bytes: new Uint8Array(side.buffer) })),
      }),
    };
  },
  collect({ settings: _ }) {
    const wrong = new Array<number>(shape[2]).fill(0);
    return {
      add({ origin }, partial) {
        expect(partial.blobs).toEqual(['side-0', 'side-1']);
        const [reference, prediction] = partial.blobs.map((name) => {
          const bytes = partial.blob(name);
          return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
        });
        reference!.forEach((label, i) => {
          if (label !== prediction![i]) wrong[origin[2] + Math.floor(i / plane)]!++;
        });
      },
      done: () => ({ collected: null, jobs: wrong }),
    };
  },
  worker: () => ({ work: (job) => 2 * job }),
  finish: (_, results) => results,
};

async function scoredFile(name: string) {
  const cases = [pair('any', golden('softmax4.nii.gz'), golden('softmax4_ref.nii'))];
  const config = configSchema.parse({ scores: 'probability', ignoreLabel: 255 });
  const { settings } = await resolveSettings(config, cases);
  const random = randomNumbers(4);
  const draw = () => Array.from({ length: 240 }, () => Math.floor(4 * random()));
  const winners = draw();
  const reference = draw().map((label) => (label === 3 ? 255 : label));
  const encoding = { littleEndian: true, slope: 1, intercept: 0 };
  const input = {
    predictions: Array.from({ length: 4 }, () => ({ ...encoding, datatype: 'float32' as const })),
    reference: { ...encoding, datatype: 'uint8' as const },
    shape,
  };
  const scorer = new TileScorer(loadKernels(), settings, input, 90, [planes as unknown as Quantity]);
  const grid = tileGrid(shape, [6, 5, 3]);
  const boxes = Array.from({ length: grid.length }, (_, tile) => tileBox(grid, tile));
  const pieces = boxes.flatMap((box: Box, tile) => {
    const [from, count] = [plane * box.origin[2], plane * box.shape[2]];
    const targets = scorer.targets(count);
    targets.reference.set(reference.slice(from, from + count));
    targets.predictions.forEach((target, channel) => {
      const scores = winners.slice(from, from + count).map((winner) => (winner === channel ? 0.7 : 0.1));
      target.set(new Uint8Array(Float32Array.from(scores).buffer));
    });
    // The views of a tile are overwritten by the next.
    return encodeTile('plan', 0, tile, box, scorer.score(box)).map((piece) => piece.slice());
  });
  const path = folder(name);
  writeWhole(path, pieces);
  const place = { settings, shape, tileShape: [6, 5, 3] } as unknown as CasePlace;
  const collect = () => {
    const collector = new TileCollector(place, [planes as unknown as Quantity]);
    let tile = 0;
    for (const shard of eachShard(localStore(folder()), [{ name, of: 'plan' }])) {
      collector.add(boxes[tile]!, checkedTile(shard, 0, tile, boxes[tile]!), shard);
      tile++;
    }
    expect(tile).toBe(3);
    return collector.done();
  };
  return { path, collect, reference, winners };
}

test('a row sees all voxels, stores bytes by name, and its jobs make its value', async () => {
  const { collect, reference, winners } = await scoredFile('rows.shard');
  const { gate, rows } = collect();
  const ignored = reference.filter((label) => label === 255).length;
  expect([gate.voxels, gate.ignored]).toEqual([240 - ignored, ignored]);
  const wrong = Array.from({ length: shape[2] }, (_, z) => {
    const from = plane * z;
    return winners.slice(from, from + plane).filter((winner, i) => winner !== reference[from + i]).length;
  });
  expect(rows).toEqual([{ id: 'planes', collected: null, jobs: wrong }]);
  const worker = planes.worker!();
  const results = rows[0]!.jobs.map((job) => worker.work(job as number, undefined as never));
  expect(planes.finish(null, results, undefined as never)).toEqual(wrong.map((count) => 2 * count));
});

test('a wrong bit among the bytes of a row is found, with the file', async () => {
  const { path, collect } = await scoredFile('wrong.shard');
  const bytes = readFileSync(path);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(path, bytes);
  expect(collect).toThrow(PartialError);
  expect(collect).toThrow(path);
});
