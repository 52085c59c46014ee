/** A home with a real daemon, which may die at any moment, and those who use it. */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
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
import { launchDaemon } from '../bench/support/launch-daemon.ts'
import { type Lab, openLab } from '../packages/claude/test/support/cli.ts'
import { standIn } from '../packages/claude/test/support/stand-in-program.ts'
import { isAlive } from '../packages/core/test/support/processes.ts'
import { type Command, overmindCommand } from './command.ts'
import { commandUser } from './command-user.ts'
import { type Ledger, openLedger, type Said } from './ledger.ts'
import type { Chance } from './random.ts'
import { tomlOf } from './toml.ts'
import type { User } from './user.ts'

const TOLD = join(import.meta.dirname, 'programs', 'told.sh')

/** Longer than anything may take on a machine that is busy with chaos. Milliseconds. */
const PATIENCE_MS = 60_000

export interface World {
  readonly home: string
  /** Where programs note what they have done. */
  readonly notes: string
  readonly client: OvermindClient
  /** Runs the built command. */
  readonly command: Command
  /** Where the stand-in for Claude Code lives. */
  readonly lab: Lab
  readonly ledger: Ledger
  /** What went wrong so far, in words. */
  readonly findings: Set<string>
  /** Somebody who asks by the library, or now and then by the command. */
  user(of: Chance): User
  /** Whether a program has noted something. */
  noted(name: string): boolean
  /** The process id of the daemon; null while there is none. */
  daemon(): number | null
  start(): Promise<void>
  /** Asks it to end and to leave its missions; settles when it is gone. */
  leave(): Promise<void>
  /** Sends it a signal that ends it; settles when it is gone. */
  end(signal: NodeJS.Signals): Promise<void>
  /** Asks for something, and notes what was said to that under the name of it. */
  ask<T>(what: string, request: (signal: AbortSignal) => Promise<T>): Promise<Said<T>>
  /** Writes the settings, with so many missions at work at a time, and so many of the colony blue. */
  configure(limits: { readonly missions: number; readonly blue: number }): Promise<void>
  /** Writes settings that are none; no daemon starts before others are written. */
  misconfigure(): Promise<void>
  discard(): Promise<void>
}

export async function createWorld(): Promise<World> {
  const home = await mkdtemp(join(tmpdir(), 'ovm-chaos-'))
  const notes = join(home, 'notes')
  await mkdir(notes, { mode: 0o700 })
  const client = createClient({ home })
  const command = overmindCommand(home)
  const byCommand = commandUser({ command, home, socket: client.socket })
  const lab = openLab({ program: standIn, apiUrl: 'http://127.0.0.1:9' })
  const ledger = openLedger()
  const findings = new Set<string>()
  let daemon: number | null = null
  let drafts = 0

  async function start(): Promise<void> {
    try {
      daemon = await launchDaemon(home)
    } catch (error) {
      if (String(error).includes('invalid_config')) {
        ledger.count('a daemon is not started with a mistake in its settings')
        await pause(100)
        return start()
      }
      if (!String(error).includes('home_in_use')) throw error
      daemon = await startedByCommand()
    }
  }

  /** In one piece: somebody may read it at any moment. */
  async function writeConfig(text: string): Promise<void> {
    const draft = join(home, `config-${(drafts += 1)}.toml`)
    await writeFile(draft, text, { mode: 0o600 })
    await rename(draft, join(home, 'config.toml'))
  }

  /** Somebody's command needed a daemon, and started one. */
  async function startedByCommand(): Promise<number> {
    for (;;) {
      try {
        return (await client.status()).pid
      } catch {
        // It does not listen yet.
        await pause(20)
      }
    }
  }

  return {
    home,
    notes,
    client,
    command,
    lab,
    ledger,
    findings,
    user: (of) => (of.percent(8) ? byCommand : client),
    noted: (name) => existsSync(join(notes, name)),
    daemon: () => daemon,
    start,
    async leave() {
      const pid = daemon
      if (pid === null) return
      daemon = null
      const { code, stderr } = await command(['shutdown', '--keep'], undefined)
      if (code !== 0) throw new Error(`the daemon does not leave: ${stderr}`)
      while (isAlive(pid)) await pause(5)
    },
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
    configure({ missions, blue }) {
      const hook = { name: 'ends', events: ['mission.exited'], command: ['sh', TOLD, notes] }
      return writeConfig(tomlOf({ limits: { missions, colonies: { blue } }, hooks: [hook] }))
    },
    misconfigure: () => writeConfig('limits = { missions = "many" }\n'),
    async discard() {
      await lab[Symbol.asyncDispose]()
      await rm(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    },
  }
}

/** A while of at most so many milliseconds. */
export function aWhile(of: Chance, most: number): Promise<void> {
  return pause(of.next() * most)
}
