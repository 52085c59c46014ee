/** `sh -c true` so many times, 16 at a time, each with its output in a file of its own, and nothing else. Prints the starts a second. */
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'

const [, , folder = '', starts = '0', atATime = '0'] = process.argv
let next = 0

function one(index: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const file = openSync(join(folder, `${process.pid}.${index}.log`), 'a', 0o600)
    const child = spawn('/bin/sh', ['-c', 'true'], { stdio: ['ignore', file, file] })
    closeSync(file)
    child.once('exit', () => resolve())
    child.once('error', reject)
  })
}

async function worker(): Promise<void> {
  while (next < Number(starts)) await one(next++)
}

const began = performance.now()
await Promise.all(Array.from({ length: Number(atATime) }, worker))
process.stdout.write(String((Number(starts) * 1000) / (performance.now() - began)))
