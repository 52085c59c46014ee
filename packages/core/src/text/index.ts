/** Times, sizes and names as people write them, and what hides in a text: for programs that load nothing else of this package. */
export { HIDDEN } from './hidden.ts'
export { nearest } from './nearest.ts'
export { durationMs, sizeBytes } from './quantities.ts'
