import { defineConfig } from 'vitest/config'
import { base } from './vitest.config.ts'

/** The survival matrix: `npm run test:survival`. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    name: 'survival',
    include: ['packages/*/test/survival/**/*.test.ts'],
    maxConcurrency: 6,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
