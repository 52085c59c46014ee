import { defineConfig } from 'vitest/config'
import { base } from './vitest.config.ts'

/** Long runs that look for leaks, lost events and drift: `npm run test:soak`, one file at a time. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['packages/*/test/soak/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 3_600_000,
    hookTimeout: 120_000,
  },
})
