/** Memory among threads, on simulated machines. */
import { expect, test } from 'vitest';
import { planMemory } from '../../src/run/plan/memory.ts';

const gibi = 2 ** 30;
const mebi = 2 ** 20;

test('auto takes what the machine offers as far as memory holds it, for 1 to 256 hardware threads', () => {
  for (const memory of [256 * mebi, 512 * mebi, gibi, 2 * gibi, 64 * gibi]) {
    for (let hardware = 1; hardware <= 256; hardware++) {
      const { threads, threadBytes } = planMemory({ memory, threads: 'auto' }, hardware);
      expect(threads).toBeGreaterThanOrEqual(1);
      expect(threads).toBeLessThanOrEqual(hardware);
      expect(threadBytes).toBeGreaterThanOrEqual(8 * mebi);
      expect((2 * threads + 2) * threadBytes + 192 * mebi).toBeLessThanOrEqual(memory);
      // One thread more would have been too much, or the machine has no more.
      if (threads < hardware) {
        expect(() => planMemory({ memory, threads: threads + 1 }, hardware)).toThrow(/give more --memory/);
      }
    }
  }
});

test('a number of threads is taken as it is or refused with the arithmetic', () => {
  expect(planMemory({ memory: 2 * gibi, threads: 8 }, 2)).toEqual({
    threads: 8,
    threadBytes: Math.floor((2 * gibi - 192 * mebi) / 18),
  });
  expect(() => planMemory({ memory: 2 * gibi, threads: 200 }, 2)).toThrow(
    /\(2147483648 - 201326592 bytes for the process\) \/ \(2 x 200 threads \+ 2\) = \d+ bytes a thread, .* fewer --threads/,
  );
  expect(() => planMemory({ memory: 100 * mebi, threads: 'auto' }, 4)).toThrow(
    /2 x 1 threads .* give more --memory$/,
  );
});

test('more hardware than can be asked for', () => {
  expect(planMemory({ memory: 64 * gibi, threads: 'auto' }, 1024).threads).toBe(256);
});
