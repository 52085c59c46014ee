import { defineConfig, type ViteUserConfig } from 'vitest/config'

/** Tests run against the sources of the workspace's packages, without a build. */
export const base = {
  ssr: { resolve: { conditions: ['overmind-source', 'node'] } },
  test: {
    pool: 'forks',
    maxWorkers: '100%',
    retry: 0,
    setupFiles: process.env['FC_SEED'] === undefined ? [] : ['scripts/seed.ts'],
  },
} satisfies ViteUserConfig

/** The projects run one after the other, so that real processes do not compete with property tests. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['packages/*/test/unit/**/*.test.ts', 'scripts/**/*.test.ts', 'chaos/test/**/*.test.ts'],
          sequence: { groupOrder: 0 },
          // Property tests take seconds, and a loaded machine takes its time.
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['packages/*/test/integration/**/*.test.ts'],
          sequence: { groupOrder: 1 },
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'fuzz',
          include: ['packages/*/test/fuzz/**/*.test.ts'],
          sequence: { groupOrder: 2 },
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        // Runs the built `overmind`: `npm run build` first.
        extends: true,
        test: {
          name: 'e2e',
          include: ['packages/*/test/e2e/**/*.test.ts', 'examples/test/**/*.test.ts'],
          sequence: { groupOrder: 3 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
