import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Tests that start servers and browsers, or install what is packed, wait for events most of the time and take longest. */
const servers = /\/test\/(web|engines\/redis|package)\//;

/** Those that wait begin, so that no long one is the last and the processor has others to do meanwhile. */
class ServersFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return [true, false].flatMap((waits) =>
      sorted.filter(({ moduleId }) => servers.test(moduleId) === waits),
    );
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // For what hangs; a machine that is several times slower than usual gets through.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    // Loading the modules anew for each of 150 files takes longer than most of their tests.
    isolate: false,
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
    // One more than the processors of a small machine, since one of them is often one that waits.
    maxWorkers: 3,
    sequence: { sequencer: ServersFirst },
  },
});
