/** Planted faults: one bit, in one tile. */
import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { sumUnitBits } from '../../src/base/statistics/sum-units.ts';
import type { ManifestCase } from '../../src/cases/types.ts';
import type { Tally } from '../../src/measures/tally/tally.ts';
import type { RunFolder } from '../../src/run/run-folder.ts';
import { writePair } from '../run/volumes.ts';
import { pair } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { backends } from '../tfjs/backends.ts';
import { auditInProcess } from './in-process.ts';
import { editClass, editTally, readTally } from './partial-file.ts';

const folder = temporaryFolder();
const shape = [20, 20, 24] as const;
const config = { scores: 'probability', tile: { shape: [20, 20, 6], bundle: 1 } } as const;
const faultyTile = 2;
/** The voxel [3, 4, 13], in the faulty tile. */
const faultyVoxel = 3 + 20 * (4 + 20 * 13);
const headerBytes = 352;

async function makeCase(name: string): Promise<ManifestCase> {
  const [prediction, reference] = [folder(`${name}.nii`), folder(`${name}-ref.nii`)];
  await writePair(prediction, reference, {
    shape,
    seed: 11,
    edit: (scores, mask) => {
      scores[faultyVoxel] = 0.75;
      mask[faultyVoxel] = 1;
    },
  });
  return pair(name, prediction, reference);
}

/** Writes a file that never looks replaced: a fault is planted as if it had been in the reading. */
function writeUnseen(file: string, bytes: Uint8Array): void {
  writeFileSync(file, bytes);
  utimesSync(file, 1e9, 1e9);
}

/** 2^exponent in the units of sums. */
const bit = (exponent: number) => 1n << BigInt(sumUnitBits + exponent);

const tallyFaults: [quantity: string, edit: (tally: Tally) => Tally][] = [
  [
    'tp',
    (tally) =>
      editClass(tally, ({ error }) => ({ error: { ...error, foreground: error.foreground ^ bit(-10) } })),
  ],
  ['fp', (tally) => editClass(tally, ({ error }) => ({ error: { ...error, all: error.all ^ bit(-10) } }))],
  [
    'term gamma=0 clip=0 foreground',
    (tally) =>
      editClass(tally, ({ terms }) => ({
        terms: terms.map((sum, at) => (at === 0 ? { ...sum, foreground: sum.foreground ^ bit(-1) } : sum)),
      })),
  ],
  ['hard tp', (tally) => editClass(tally, ({ hardTp }) => ({ hardTp: hardTp ^ 1 }))],
  ['hard fp', (tally) => editClass(tally, ({ hardFp }) => ({ hardFp: hardFp ^ 1 }))],
];

/** What the sorted errors hold as well: the merge compares both, with an audit or without one. */
const countFaults: [quantity: string, edit: (tally: Tally) => Tally][] = [
  ['foreground', (tally) => editClass(tally, ({ foreground }) => ({ foreground: foreground ^ 1 }))],
  ['ignored', (tally) => ({ ...tally, voxels: tally.voxels - 1, ignored: 1 })],
];

test.each(backends)('a wrong bit of any sum or count of one tile is found on %s', async (backend) => {
  const entry = await makeCase(`tally-${backend}`);
  for (const [quantity, edit] of tallyFaults) {
    const report = await auditInProcess(
      [entry],
      config,
      folder(`${backend} ${quantity}`.replaceAll(' ', '-')),
      backend,
      (run, index) => editTally(run.store.pathOf(run.bundle(index, faultyTile)), edit),
    );
    expect(report.passed, quantity).toBe(false);
    expect(new Set(report.differences.map(({ tile }) => tile))).toEqual(new Set([faultyTile]));
    const found = report.differences.find((difference) => difference.quantity === quantity);
    expect(found, quantity).toMatchObject({
      case: entry.id,
      tile: faultyTile,
      origin: [0, 0, 12],
      shape: [20, 20, 6],
    });
    expect(Math.abs(Number(found!.exact) - Number(found!.audit))).toBeGreaterThan(Number(found!.bound));
  }
});

test.each(countFaults)(
  'a wrong number of voxels, %s, is refused before anything is merged',
  async (name, edit) => {
    const entry = await makeCase(`count-${name}`);
    const [backend] = backends;
    const audited = auditInProcess([entry], config, folder(`count-${name}-run`), backend!, (run, index) =>
      editTally(run.store.pathOf(run.bundle(index, faultyTile)), edit),
    );
    await expect(audited).rejects.toMatchObject({ name: 'PartialError', code: 'keys-differ' });
  },
);

/** Bits of a float32: one that moves 0.75 by 2^-20, by 1/8, and the sign of its exponent. */
test.each(backends.flatMap((backend) => [4, 21, 30].map((bit) => [backend, bit] as const)))(
  'a score that was read with one wrong bit is found on %s: bit %i',
  async (backend, bit) => {
    const entry = await makeCase(`score-${backend}-${bit}`);
    const [file] = entry.predictions;
    const right = readFileSync(file!);
    const wrong = Buffer.from(right);
    const at = headerBytes + 4 * faultyVoxel;
    wrong.writeUInt32LE((wrong.readUInt32LE(at) ^ (1 << bit)) >>> 0, at);
    writeUnseen(file!, wrong);
    const report = await auditInProcess(
      [entry],
      { ...config, clamp: true },
      folder(`run-${entry.id}`),
      backend,
      () => writeUnseen(file!, right),
    );
    expect(report.passed).toBe(false);
    expect(report.differences.every(({ tile }) => tile === faultyTile)).toBe(true);
    expect(report.differences.map(({ quantity }) => quantity)).toContain('tp');
  },
);

test.each(backends)(
  'a wrong key in the shards alone is found by the sorted losses on %s',
  async (backend) => {
    const entry = await makeCase(`key-${backend}`);
    const [file] = entry.predictions;
    const right = readFileSync(file!);
    let tally: Tally | undefined;
    const tile = (run: RunFolder) => run.store.pathOf(run.bundle(0, faultyTile));
    await auditInProcess([entry], config, folder(`right-${entry.id}`), backend, (run) => {
      tally = readTally(tile(run));
    });
    const wrong = Buffer.from(right);
    wrong.writeFloatLE(0.125, headerBytes + 4 * faultyVoxel);
    writeUnseen(file!, wrong);
    const report = await auditInProcess([entry], config, folder(`wrong-${entry.id}`), backend, (run) => {
      writeUnseen(file!, right);
      editTally(tile(run), () => tally!);
    });
    expect(report.differences).toEqual([
      expect.objectContaining({ quantity: 'lovasz-softmax', tile: faultyTile, class: 'foreground' }),
    ]);
  },
);

test('a wrong cell of the confusion matrix of label maps is found', async () => {
  const entry = pair('labels', folder('labels.nii'), folder('labels-ref.nii'));
  await writePair(entry.predictions[0]!, entry.reference, {
    shape,
    seed: 2,
    edit: (scores) =>
      scores.forEach((score, i) => {
        scores[i] = Math.round(2 * score);
      }),
  });
  const report = await auditInProcess(
    [entry],
    { scores: 'label', tile: config.tile },
    folder('labels-run'),
    'wasm',
    (run, index) =>
      editTally(run.store.pathOf(run.bundle(index, faultyTile)), (tally) => ({
        ...tally,
        confusion: tally.confusion.map(([r, p, n], at) => [r, p, at === 1 ? n ^ 1 : n]),
      })),
  );
  expect(report.differences).toEqual([expect.objectContaining({ quantity: 'confusion 0 as 1', bound: 0 })]);
});
