import { defineConfig } from 'vitest/config'

// unit: beside the code, pure or loopback only · feature: the whole platform in one process · chart: what Helm makes of the
// chart · integration: real broker, real API server (the kit starts what is not given) · e2e: a real cluster. In the order
// of how long one waits; a `groupOrder` of 0 would mean last on a machine where files run one at a time.
// On a CI machine a test that fails is tried twice more, and the run ends with the names of those that needed it: an hour's
// landing must not hang on one slow disk, nor may anyone forget which test it was.
const retry = process.env.CI ? 2 : 0

export default defineConfig({
  test: {
    passWithNoTests: false,
    reporters: ['default', './test/kit/reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          retry,
          testTimeout: 30_000,
          include: ['{lib,controller,services,install,charts,test}/**/*.test.ts'],
          exclude: ['test/{feature,chart,integration,bench,e2e}/**'],
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'feature',
          retry,
          include: ['test/feature/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'chart',
          retry,
          include: ['test/chart/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: 'integration',
          retry,
          include: ['test/integration/**/*.test.ts'],
          globalSetup: './test/kit/kubernetes/shared.ts',
          testTimeout: 120_000,
          hookTimeout: 900_000,
          fileParallelism: false,
          sequence: { groupOrder: 4 },
        },
      },
      {
        test: {
          name: 'e2e',
          retry,
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: './test/kit/cluster/shared.ts',
          testTimeout: 300_000,
          // The first run on a machine builds a cluster's parts.
          hookTimeout: 1_800_000,
          fileParallelism: false,
          sequence: { groupOrder: 5 },
        },
      },
    ],
  },
})
