/**
 * The least that can be called a manager: with SIGHUP it starts the jobs of the files that it has not read yet, each with its output in
 * a file of its own, and it starts again what ends.
 */
import { spawn } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Job } from '../manager.ts'

const [, , folder = '', logs = '', ready = ''] = process.argv
const known = new Set<string>()

function start(job: Job): void {
  const [program, ...args] = job.argv
  const output = openSync(join(logs, job.name), 'a', 0o600)
  const child = spawn(program, args, { stdio: ['ignore', output, output] })
  closeSync(output)
  child.once('exit', () => {
    if (job.restart === 'always') start(job)
  })
}

function look(): void {
  for (const file of readdirSync(folder)) {
    if (known.has(file)) continue
    known.add(file)
    for (const job of JSON.parse(readFileSync(join(folder, file), 'utf8')) as readonly Job[]) start(job)
  }
}

process.on('SIGHUP', look)
// Signals alone do not keep it alive.
setInterval(() => undefined, 2 ** 31 - 1)
writeFileSync(ready, String(process.pid))
look()
