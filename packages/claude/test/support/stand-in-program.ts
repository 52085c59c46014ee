/** How tests start the stand-in: it is up in 70 ms once its code is in the cache, in 200 ms without. */
import type { Program } from './cli.ts'

export const standIn: Program = {
  path: new URL('stand-in.ts', import.meta.url).pathname,
  env: {
    NODE_COMPILE_CACHE: new URL('../../../../node_modules/.cache/stand-in', import.meta.url).pathname,
  },
}
