#!/usr/bin/env node
/**
 * Starts the bundled command. Plain JavaScript that old versions of Node can read, so that they can say what
 * is missing; no compiler knows its types.
 */
/* oxlint-disable typescript/no-unsafe-call, typescript/no-unsafe-member-access, typescript/no-unsafe-assignment, typescript/no-unsafe-argument */
import { existsSync } from 'node:fs'
import module from 'node:module'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const LEAST_NODE = 24

function refuse(message) {
  process.stderr.write(`Error: ${message}\n`)
  process.exit(1)
}

if (Number(process.versions.node.split('.')[0]) < LEAST_NODE) {
  refuse(
    `Overmind needs Node ${LEAST_NODE} or newer, and this is ${process.version}: install it from https://nodejs.org, ` +
      'or put one that is installed first on PATH (node_too_old)',
  )
}

const bundle = fileURLToPath(new URL('../bundle/overmind.cjs', import.meta.url))
if (!existsSync(bundle)) refuse(`There is no ${bundle}: run npm run build (not_built)`)

// Compiled code is kept from one start to the next; the home itself is made by the daemon.
const home = process.env.OVERMIND_HOME ? resolve(process.env.OVERMIND_HOME) : join(homedir(), '.overmind')
if (existsSync(home)) module.enableCompileCache(join(home, 'cache'))

module.createRequire(import.meta.url)(bundle)
