import { defineConfig } from 'vitest/config'
import { base } from './vitest.config.ts'

/** The fuzz tests, each so many times longer as `FUZZ` says: `npm run test:fuzz`. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    name: 'fuzz',
    env: { FUZZ: process.env['FUZZ'] ?? '20' },
    include: ['packages/*/test/fuzz/**/*.test.ts'],
    testTimeout: 3_600_000,
    hookTimeout: 120_000,
  },
})
