import { defineConfig } from 'vitest/config';

/** Tests that start servers and browsers, or install what is packed, wait for events most of the time: two run at once. */
const servers = ['test/{web,engines/redis,package}/**/*.test.ts'];

export default defineConfig({
  test: {
    // Loading the modules anew for each of 150 files takes longer than most of their tests.
    isolate: false,
    restoreMocks: true,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'units',
          include: ['test/**/*.test.ts'],
          exclude: servers,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'servers', include: servers, maxWorkers: 2, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
