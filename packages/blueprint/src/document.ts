/** Files of TOML by rules of their own, for what is no blueprint: problems with their places, and what was probably meant. */
export type { Finding } from './document/finding.ts'
export type { Vocabulary } from './document/findings-of.ts'
export type { Path } from './document/tree.ts'
export { duration } from './mission-fields.ts'
export { DocumentError, type Problem } from './problem.ts'
export { type DocumentRules, readDocument } from './read-document.ts'
export { nearest } from '@overmind/core/text'
