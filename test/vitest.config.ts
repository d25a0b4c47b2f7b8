import { defineConfig } from 'vitest/config';

/** Where `.ci/run` wants the results as JSON. */
const report = process.env['LOCARA_TEST_REPORT'];

export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: ['locara-source'] },
  ssr: { resolve: { conditions: ['locara-source'] } },
  test: {
    include: ['**/*.test.ts'],
    globalSetup: './support/temporary-folder.ts',
    // Only what hangs ends by time: a busy machine has its own idea of a second.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
    maxWorkers: 2,
    ...(report === undefined ? {} : { reporters: ['default', ['json', { outputFile: report }]] }),
  },
});
