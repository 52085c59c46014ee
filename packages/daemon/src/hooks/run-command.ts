import { type ChildProcess, spawn } from 'node:child_process'
import type { Target } from '../config/config.ts'
import { inert } from '../text/inert.ts'
import type { Outcome } from './decide.ts'
import type { Delivery } from './delivery.ts'
import type { TryOptions } from './post.ts'

/** So much of the end of what it says on stderr is kept. Bytes. */
const KEPT = 1024
/** How long the rest of stderr may take once the command has ended: a child of it may hold it open for ever. */
const REST_MS = 100

/** Runs a command with a delivery on its stdin, in a process group of its own. Never throws, and waits for nothing that it has killed. */
export function runCommand(
  { argv: [program, ...words] }: Extract<Target, { kind: 'command' }>,
  delivery: Delivery,
  { home, timeoutMs, signal }: TryOptions & { readonly home: string },
): Promise<Outcome> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve({ kind: 'interrupted' })
      return
    }
    let child: ChildProcess
    try {
      child = spawn(program, words, {
        cwd: home,
        env: environment(delivery, home),
        stdio: ['pipe', 'ignore', 'pipe'],
        detached: true,
      })
    } catch (error) {
      resolve(notStarted(error))
      return
    }
    let said: Buffer = Buffer.alloc(0)
    const timer = setTimeout(() => {
      killGroup(child)
      settle({ kind: 'failed', reason: because(`did not end within ${timeoutMs / 1000} s`) })
    }, timeoutMs)
    signal.addEventListener('abort', giveUp, { once: true })

    function giveUp(): void {
      killGroup(child)
      settle({ kind: 'interrupted' })
    }

    function because(what: string): string {
      const words = inert(said.toString('utf8').trim())
      return words === '' ? what : `${what}: ${words}`
    }

    function settle(outcome: Outcome): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', giveUp)
      child.stdin?.destroy()
      child.stderr?.destroy()
      child.unref()
      resolve(outcome)
    }

    child.stderr?.on('data', (bytes: Uint8Array) => {
      said = Buffer.concat([said, bytes]).subarray(-KEPT)
    })
    child.once('error', (error) => settle(notStarted(error)))
    child.once('exit', (code, killedBy) => {
      // From here on its number may be somebody else's.
      clearTimeout(timer)
      signal.removeEventListener('abort', giveUp)
      const how = killedBy === null ? `ended with exit code ${code}` : `was ended by ${killedBy}`
      const done = (): void =>
        settle(code === 0 ? { kind: 'delivered' } : { kind: 'failed', reason: because(how) })
      const rest = setTimeout(done, REST_MS)
      child.once('close', () => {
        clearTimeout(rest)
        done()
      })
    })
    // It need not read what it is told.
    child.stdin?.on('error', () => {})
    child.stdin?.end(delivery.body)
  })
}

/** That of the daemon, whose mark says that the command is part of no mission, also when it names one. */
function environment({ hook, type, mission }: Delivery, home: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    OVERMIND_SUPERVISOR: 'hook',
    OVERMIND_HOME: home,
    OVERMIND_HOOK: hook,
    OVERMIND_EVENT: type,
    OVERMIND_MISSION_ID: mission?.id,
    OVERMIND_MISSION_NAME: mission?.name ?? undefined,
  }
}

function notStarted(error: unknown): Outcome {
  return {
    kind: 'failed',
    reason: inert(`could not be started: ${error instanceof Error ? error.message : String(error)}`),
  }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It is gone already, or has become somebody else's, as by sudo: the try is over all the same.
  }
}
