import { expect, test } from 'vitest';
import type { ManifestCase } from '../../src/cases/types.ts';
import { sizeOfRun } from '../../src/run/plan/run-size.ts';
import { writeNifti } from '../../src/volumes/nifti/write.ts';
import { pair } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();

/** A case of two files of `mebibytes` each. */
async function caseOf(mebibytes: number): Promise<ManifestCase> {
  const file = folder(`${mebibytes}.nii`);
  const shape = [1024, 1024, mebibytes] as const;
  await writeNifti(file, { shape, datatype: 'uint8', data: new Uint8Array(2 ** 20 * mebibytes) });
  return pair('a', file, file);
}

test('a run starts with threads for what it has to read, and with none where that is next to nothing', async () => {
  const [small, large] = [await caseOf(1), await caseOf(9)];
  const many = (entry: ManifestCase, length: number) => Array.from({ length }, () => entry);
  expect(await sizeOfRun([small])).toEqual({ isTiny: true, threads: 1 });
  expect(await sizeOfRun(many(small, 4))).toEqual({ isTiny: false, threads: 1 });
  expect(await sizeOfRun([large])).toEqual({ isTiny: false, threads: 1 });
  expect(await sizeOfRun([large, large])).toEqual({ isTiny: false, threads: 2 });
  // Beyond the fourth they are taken to be like these.
  expect(await sizeOfRun(many(large, 16))).toEqual({ isTiny: false, threads: 18 });
  const gone = pair('gone', folder('gone.nii'), folder('gone.nii'));
  expect(await sizeOfRun([gone])).toEqual({ isTiny: true, threads: 1 });
});
