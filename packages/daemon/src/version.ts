import { readFileSync } from 'node:fs'
import { z } from 'zod'

/** The version of this package, from its own manifest, which is one folder up from sources, compiled code and bundle alike. */
export const VERSION: string = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))).version
