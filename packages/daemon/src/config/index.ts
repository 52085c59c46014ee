/** The daemon's settings, for the command too, which looks at them without a daemon. */
export type { Config } from './config.ts'
export { findConfig, type ReadConfig } from './read.ts'
export { configSchema } from './rules.ts'
