export { claudeProvider } from './provider.ts'
export type { ClaudeOptions } from './options.ts'
