/**
 * Starts the bundled daemon. Apart from it, because what is to be kept compiled has to be loaded after it has been said where: then a
 * daemon that was killed is back sooner. The home itself is made by the daemon. Plain JavaScript, of which no compiler knows the types.
 */
/* oxlint-disable typescript/no-unsafe-call, typescript/no-unsafe-member-access, typescript/no-unsafe-assignment, typescript/no-unsafe-argument */
import { existsSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

const home = resolve(process.env['OVERMIND_HOME'] || join(homedir(), '.overmind'))
if (existsSync(home)) enableCompileCache(join(home, 'cache'))

await import('../bundle/overmindd.mjs')
