import { type ProgramEnd, runProgram } from '@overmind/core'
import type { Target } from '../config/config.ts'
import { inert } from '../text/inert.ts'
import type { Outcome } from './decide.ts'
import type { Delivery } from './delivery.ts'
import type { TryOptions } from './post.ts'

/** So much of the end of what it says on stderr is kept. Bytes. */
const KEPT = 1024

/** Runs a command with a delivery on its stdin. Never throws, and waits for nothing that it has killed. */
export async function runCommand(
  { argv }: Extract<Target, { kind: 'command' }>,
  delivery: Delivery,
  { home, timeoutMs, signal }: TryOptions & { readonly home: string },
): Promise<Outcome> {
  const env = environment(delivery, home)
  const end = await runProgram(argv, {
    cwd: home,
    env,
    timeoutMs,
    signal,
    input: delivery.body,
    keepBytes: KEPT,
  })
  return outcomeOf(end, timeoutMs)
}

function outcomeOf(end: ProgramEnd, timeoutMs: number): Outcome {
  switch (end.kind) {
    case 'interrupted':
      return { kind: 'interrupted' }
    case 'not-started':
      return {
        kind: 'failed',
        reason: inert(
          `could not be started: ${end.error instanceof Error ? end.error.message : String(end.error)}`,
        ),
      }
    case 'too-long':
      return { kind: 'failed', reason: because(`did not end within ${timeoutMs / 1000} s`, end) }
    case 'ended': {
      if (end.code === 0) return { kind: 'delivered' }
      const how = end.killedBy === null ? `ended with exit code ${end.code}` : `was ended by ${end.killedBy}`
      return { kind: 'failed', reason: because(how, end) }
    }
  }
}

function because(what: string, { said }: ProgramEnd): string {
  const words = inert(said.trim())
  return words === '' ? what : `${what}: ${words}`
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
