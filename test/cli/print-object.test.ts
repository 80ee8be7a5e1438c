import { expect, test } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';
import { writeNifti } from '../../src/volumes/nifti/write.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { recorder } from './recorder.ts';

const folder = temporaryFolder();

async function printed(...args: string[]): Promise<unknown> {
  const { terminal, written } = recorder();
  await runProgram(args, terminal);
  expect(written.out).toMatch(/^\{.*\}\n$/);
  return JSON.parse(written.out);
}

test('what a command prints for programs has a version', async () => {
  const path = folder('labels.nii');
  await writeNifti(path, { shape: [2, 2, 2], datatype: 'uint8', data: new Uint8Array(8) });
  expect(await printed('inspect', path, '--json')).toMatchObject({ version: 1, files: [{ file: path }] });
});

test('so has a failure', async () => {
  expect(await printed('ask', folder('nowhere'), '--json')).toMatchObject({
    version: 1,
    exitStatus: 2,
    error: { code: expect.any(String) },
  });
});
