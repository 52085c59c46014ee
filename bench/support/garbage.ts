/** What is collected when a figure says so, and not when the engine wants to. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')

/** Collects all that is garbage, at once. */
export const collectGarbage: () => void = runInNewContext('gc') as () => void
