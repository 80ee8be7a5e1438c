import { setFlagsFromString } from 'node:v8';
import { expect, test } from 'vitest';
import { type KernelCode, loadKernels } from '../../src/kernels/kernels.ts';

setFlagsFromString('--allow-natives-syntax');
const isPlain = new Function('kernel', 'return %IsLiftoffFunction(kernel)') as (kernel: unknown) => boolean;

/** Called once, as to be compiled. */
function logOf(code: KernelCode) {
  const { naturalLog } = loadKernels(code);
  return { isPlain: isPlain(naturalLog), value: naturalLog(0.3), isPlainCalled: isPlain(naturalLog) };
}

test('plain kernels are not optimised, those loaded after them are, and both give the same numbers', () => {
  const plain = logOf('plain');
  const optimised = logOf('optimised');
  expect(plain.isPlainCalled).toBe(true);
  expect(optimised.isPlainCalled).toBe(false);
  expect(optimised.value).toBe(plain.value);
});
