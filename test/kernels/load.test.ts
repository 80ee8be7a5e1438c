import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { packageFile } from '../../src/base/package-files.ts';

/** Loads kernels of each kind and calls one of their functions once, as to be compiled. */
const script = `
  import { loadKernels } from ${JSON.stringify(packageFile('dist/src/kernels/kernels.js'))};
  const logOf = (code) => {
    const { naturalLog } = loadKernels(code);
    const value = naturalLog(0.3);
    return { value, isPlain: %IsLiftoffFunction(naturalLog) };
  };
  console.log(JSON.stringify([logOf('plain'), logOf('optimised')]));
`;

test('plain kernels are not optimised, those loaded after them are, and both give the same numbers', () => {
  // In a process of its own: how kernels are compiled is a setting of the whole process, and other tests load some.
  const flags = ['--allow-natives-syntax', '--input-type=module', '--eval', script];
  const [plain, optimised] = JSON.parse(execFileSync(process.execPath, flags, { encoding: 'utf8' }));
  expect(plain.isPlain).toBe(true);
  expect(optimised.isPlain).toBe(false);
  expect(optimised.value).toBe(plain.value);
});
