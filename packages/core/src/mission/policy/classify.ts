import type { GroupReason } from '../../model/events.ts'
import type { ExitClass, ProcessExit } from '../../model/exit.ts'
import { signalOfCode } from '../../model/signals.ts'
import type { MissionSpec } from '../../model/spec.ts'
import type { Ending } from '../../model/state.ts'
import type { Conversation, Trouble } from '../../model/conversation.ts'
import { overBudget } from './budget.ts'

export interface Verdict {
  readonly class: ExitClass
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** One sentence for people. */
  readonly reason: string
}

/** POSIX: the shell reports 126 for a program it cannot execute and 127 for one it cannot find. */
const NOT_EXECUTABLE = 126
const NOT_FOUND = 127

const TROUBLE = {
  permanent: 'permanent',
  passing: 'crashed',
  budget: 'budget',
  'rate-limited': 'rate-limited',
} as const satisfies Record<Trouble['kind'], ExitClass>

/** Why others have ended a mission, in words. */
export const GROUP_REASONS: Readonly<Record<GroupReason, string>> = {
  parent: 'stopped because its parent exited',
  'team-end': 'stopped with its team',
  'team-restart': 'stopped by its team, to be started again with the others',
}

/** What an end is judged by besides the exit of the process. */
export interface Grounds {
  readonly ending: Ending | null
  readonly spec: MissionSpec
  readonly conversation: Conversation | null
  /** What the provider makes of it. */
  readonly judgement: Trouble | undefined
}

/** Names the end of a run; the first class that applies wins. */
export function classify(exit: ProcessExit, { ending, spec, conversation, judgement }: Grounds): Verdict {
  const code = exit.kind === 'code' ? exit.code : null
  const signal = code === null ? null : signalOfCode(code)
  const how =
    code === null
      ? 'its exit code is not known'
      : signal === null
        ? `exit code ${code}`
        : `${signal}, exit code ${code}`
  const verdict = (exitClass: ExitClass, reason: string): Verdict => ({
    class: exitClass,
    code,
    signal,
    reason,
  })

  switch (ending?.reason) {
    case 'kill':
      return verdict('killed', `killed on request (${how})`)
    case 'stop':
      return verdict('stopped', `stopped on request (${how})`)
    case 'parent':
    case 'team-end':
    case 'team-restart':
      return verdict('stopped', `${GROUP_REASONS[ending.reason]} (${how})`)
    case 'budget': {
      const spent = conversation === null ? null : overBudget(conversation.spent, spec)
      const why = spent ?? judgement?.reason ?? 'what a mission above it may spend in all'
      return verdict('budget', `its budget is used up: ${why} (${how})`)
    }
    case 'unanswered':
      return verdict('deadline', `nobody answered its question within ${seconds(spec.askTimeoutMs)} (${how})`)
    case 'finished':
      // It was asked to end, or told to by a signal: how it did says nothing of its work.
      if (conversation?.last?.ok === true) {
        return { ...verdict('completed', `answered and finished with ${how}`), code: 0, signal: null }
      }
      break
    case 'deadline':
      return verdict('deadline', `ran longer than its limit of ${seconds(spec.timeoutMs)} (${how})`)
    case 'unhealthy':
      return verdict('stalled', `found to be unhealthy (${how})`)
    case 'stall':
      return verdict('stalled', `no activity for ${seconds(spec.activityTimeoutMs)} (${how})`)
    case 'trouble':
    case 'restart':
    case 'leftovers':
    case undefined:
  }
  const success = code !== null && spec.successCodes.includes(code)
  if (code === NOT_FOUND && !success)
    return verdict('failed-to-start', 'the command was not found (exit code 127)')
  if (code === NOT_EXECUTABLE && !success)
    return verdict('failed-to-start', 'the command is not executable (exit code 126)')
  if (judgement !== undefined) return verdict(TROUBLE[judgement.kind], `${judgement.reason} (${how})`)
  if (exit.kind === 'lost') {
    switch (exit.cause) {
      case 'reboot':
        return verdict('lost', 'the machine was restarted while it ran')
      case 'vanished':
        return verdict('lost', 'its keeper was ended from outside, so its exit code could not be learned')
      case 'unkillable':
        return verdict('lost', 'SIGKILL did not end it')
    }
  }
  if (success) return verdict('completed', `finished with ${how}`)
  if (exit.kind === 'code' && exit.cause === 'out-of-memory' && signal === 'SIGKILL')
    return verdict('out-of-memory', `ran out of memory${ofLimit(spec.memoryBytes)} (${how})`)
  if (signal !== null) return verdict('signalled', `ended by ${how}`)
  return verdict('crashed', `failed with ${how}`)
}

function ofLimit(bytes: number | null): string {
  return bytes === null ? '' : `, of which it may use ${Math.round(bytes / 2 ** 20)} MiB`
}

function seconds(ms: number | null): string {
  return ms === null ? 'no time' : `${ms / 1000} s`
}
