#!/usr/bin/env node
/** The stand-in, killed with its whole group when it is about to tell its result. Once in a folder. */
import { spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { standIn } from '../support/stand-in-program.ts'

const MARK = 'was-killed'
const cli = spawn(standIn.path, process.argv.slice(2), { stdio: ['inherit', 'pipe', 'inherit'] })
createInterface({ input: cli.stdout }).on('line', (line) => {
  if (line.startsWith('{"type":"result"') && !existsSync(MARK)) {
    writeFileSync(MARK, '')
    process.kill(0, 'SIGKILL')
  }
  process.stdout.write(`${line}\n`)
})
cli.on('exit', (code) => process.exit(code ?? 1))
