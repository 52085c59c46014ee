import { defineConfig } from 'vitest/config'
import { base } from './vitest.config.ts'

/** Tests against a real Claude CLI: `npm run test:real-claude` installs it and runs them. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    name: 'real-claude',
    include: ['packages/*/test/real/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 30_000,
  },
})
