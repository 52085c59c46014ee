#!/usr/bin/env node
/**
 * Starts the bundled command. Plain JavaScript that old versions of Node can read, so that they can say what
 * is missing; no compiler knows its types. CommonJS, because Node takes longer to load the first ES module than
 * all of this.
 */
/* oxlint-disable typescript/no-unsafe-call, typescript/no-unsafe-return, typescript/no-unsafe-member-access, typescript/no-unsafe-assignment, typescript/no-unsafe-argument, typescript/no-require-imports */
'use strict'
const { existsSync, mkdirSync, statSync } = require('node:fs')
const { join, resolve } = require('node:path')

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

const bundle = join(__dirname, '../bundle/overmind.cjs')
if (!existsSync(bundle)) refuse(`There is no ${bundle}: run npm run build (not_built)`)

// Node would open a port for a debugger, to which every user of the machine could connect.
process.on('SIGUSR1', () => {})

/** Compiled code is run as it is found: only from where nobody else can put any. */
function isOurs(folder) {
  try {
    const stats = statSync(folder)
    return stats.isDirectory() && stats.uid === process.getuid() && (stats.mode & 0o022) === 0
  } catch {
    return false
  }
}

// Compiled code is kept from one start to the next; the home itself is made by the daemon.
const { OVERMIND_HOME } = process.env
const home = OVERMIND_HOME ? resolve(OVERMIND_HOME) : join(require('node:os').homedir(), '.overmind')
const cache = join(home, 'cache')
if (isOurs(home)) {
  try {
    if (!existsSync(cache)) mkdirSync(cache, { mode: 0o700 })
  } catch {
    // Somebody else has just made it, or nothing can be written here: then it goes without.
  }
  if (isOurs(cache)) require('node:module').enableCompileCache(cache)
}

require(bundle)
