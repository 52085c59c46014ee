/** A command so many times, each time from the `exit` of the one before, its output in a file of its own, and nothing else. */
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'

const [, , folder = '', times = '0', ...argv] = process.argv
const [program = '', ...args] = argv

function run(index: number): void {
  if (index === Number(times)) return
  const file = openSync(join(folder, `${index}.log`), 'a', 0o600)
  const child = spawn(program, args, { stdio: ['ignore', file, file] })
  closeSync(file)
  child.once('exit', () => run(index + 1))
}

run(0)
