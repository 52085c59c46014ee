import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, closeSync } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

export type Environment = Readonly<Record<string, string>>

export interface Command {
  readonly argv: readonly [string, ...string[]]
  readonly env: Environment
  /** Exit codes that are no failure. Default: 0 alone. */
  readonly codes?: readonly number[]
}

interface Ran {
  readonly stdout: string
  /** Milliseconds from start to end. */
  readonly took: number
}

/** For ends that do not come by themselves. */
const PATIENCE_MS = 120_000

export async function run(
  command: Command,
  signal: AbortSignal = AbortSignal.timeout(PATIENCE_MS),
): Promise<Ran> {
  const [file, ...args] = command.argv
  const began = performance.now()
  const child = spawn(file, args, { env: command.env, stdio: ['ignore', 'pipe', 'pipe'], signal })
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ])
  const took = performance.now() - began
  if (!(command.codes ?? [0]).includes(code ?? -1))
    throw new Error(
      `${command.argv.slice(0, 4).join(' ')} ended with ${code}: ${(stderr || stdout).slice(-300)}`,
    )
  return { stdout, took }
}

/** Starts what stays; what it says goes to a file. */
export async function launch({ argv: [file, ...args], env }: Command, said: string): Promise<number> {
  const output = openSync(said, 'a', 0o600)
  const child = spawn(file, args, { env, stdio: ['ignore', output, output], detached: true })
  closeSync(output)
  await once(child, 'spawn')
  child.unref()
  if (child.pid === undefined) throw new Error(`${file} has no process id`)
  return child.pid
}

/** The path of a program, if there is one of this name. */
export async function onPath(program: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, program)
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      return path
  }
  return undefined
}

/** What was asked for again and again until it was there; undefined when it is not after so long. */
export async function until<T>(
  look: () => Promise<T | undefined>,
  ms: number,
  pause = 10,
): Promise<T | undefined> {
  const deadline = performance.now() + ms
  for (;;) {
    const found = await look()
    if (found !== undefined || performance.now() > deadline) return found
    await sleep(pause)
  }
}
