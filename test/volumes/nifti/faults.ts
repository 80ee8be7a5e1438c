import { expect } from 'vitest';
import { InputError } from '../../../src/base/errors.ts';
import type { InputFault } from '../../../src/volumes/faults.ts';

/** Expects an InputError of this code whose message matches and which names the file. */
export async function expectFault(
  work: () => unknown,
  code: InputFault,
  message: RegExp,
): Promise<InputError> {
  let caught: unknown;
  try {
    await work();
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(InputError);
  const fault = caught as InputError;
  expect(fault.code).toBe(code);
  expect(fault.message).toMatch(message);
  expect(fault.place.file).toBeTypeOf('string');
  expect(fault.message).toContain(fault.place.file);
  return fault;
}
