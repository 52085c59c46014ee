/** A home with a real daemon, which may die at any moment, and those who use it. */
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import {
  ApiError,
  ConnectionFailed,
  createClient,
  DaemonNotRunning,
  type OvermindClient,
} from '@overmind/client'
import { NODE_FLAGS } from '@overmind/daemon/node-flags'
import { type Ledger, openLedger, type Said } from './ledger.ts'
import { isAlive } from './processes.ts'
import type { Chance } from './random.ts'

const MAIN = createRequire(import.meta.url).resolve('@overmind/daemon/main')

const TOLD = join(import.meta.dirname, 'programs', 'told.sh')

/** Longer than anything may take on a machine that is busy with chaos. Milliseconds. */
const PATIENCE_MS = 60_000

export interface World {
  readonly home: string
  /** Where programs note what they have done. */
  readonly notes: string
  readonly client: OvermindClient
  readonly ledger: Ledger
  /** What went wrong so far, in words. */
  readonly findings: Set<string>
  /** The process id of the daemon; null while there is none. */
  daemon(): number | null
  start(): Promise<void>
  /** Sends it a signal that ends it; settles when it is gone. */
  end(signal: NodeJS.Signals): Promise<void>
  /** Asks for something, and notes what was said to that under the name of it. */
  ask<T>(what: string, request: (signal: AbortSignal) => Promise<T>): Promise<Said<T>>
  /** Writes the settings, with so many missions at work at a time. */
  configure(missions: number): Promise<void>
  discard(): Promise<void>
}

export async function createWorld(): Promise<World> {
  const home = await mkdtemp(join(tmpdir(), 'ovm-chaos-'))
  const notes = join(home, 'notes')
  await mkdir(notes, { mode: 0o700 })
  const client = createClient({ home })
  const ledger = openLedger()
  const findings = new Set<string>()
  let daemon: number | null = null

  async function start(): Promise<void> {
    const child = spawn(process.execPath, [...NODE_FLAGS, MAIN], {
      env: { ...process.env, OVERMIND_HOME: home, OVERMIND_SUPERVISOR: '1' },
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
      detached: true,
    })
    const pipe = child.stdio[3]
    if (child.pid === undefined || pipe === null || pipe === undefined || !('on' in pipe))
      throw new TypeError('there is no daemon')
    const news = await new Promise<string>((resolve) => pipe.once('data', (said) => resolve(String(said))))
    child.unref()
    if (!news.includes('"ready"')) throw new Error(`the daemon did not start: ${news}`)
    daemon = child.pid
  }

  return {
    home,
    notes,
    client,
    ledger,
    findings,
    daemon: () => daemon,
    start,
    async end(signal) {
      const pid = daemon
      if (pid === null) return
      daemon = null
      process.kill(pid, signal)
      while (isAlive(pid)) await pause(5)
    },
    async ask(what, request) {
      const signal = AbortSignal.timeout(PATIENCE_MS)
      try {
        const value = await request(signal)
        ledger.count(`${what}: yes`)
        return { said: 'yes', value }
      } catch (error) {
        if (error instanceof ApiError) {
          ledger.count(`${what}: ${error.code}`)
          if (error.code === 'internal') findings.add(`${what} met an internal error: ${error.message}`)
          return { said: 'no', code: error.code }
        }
        if (error instanceof DaemonNotRunning) return { said: 'no', code: 'away' }
        if (error instanceof ConnectionFailed) return { said: 'unsure' }
        if (signal.aborted) {
          findings.add(`${what} had no answer within ${PATIENCE_MS / 1000} s`)
          return { said: 'unsure' }
        }
        throw error
      }
    },
    configure: (missions) =>
      writeFile(
        join(home, 'config.toml'),
        `[limits]\nmissions = ${missions}\n\n[[hooks]]\nname = "ends"\nevents = ["mission.exited"]\ncommand = ${JSON.stringify(['sh', TOLD, notes])}\n`,
        { mode: 0o600 },
      ),
    discard: () => rm(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }),
  }
}

/** A while of at most so many milliseconds. */
export function aWhile(of: Chance, most: number): Promise<void> {
  return pause(of.next() * most)
}
