import type { Trouble } from '@overmind/core'
import type { Failure } from './frame.ts'

const AUTH_REQUIRED = -32000

/** What the agent said was wrong, in one line that can be shown. */
export function saidOf({ code, message, data }: Failure): string {
  const details =
    typeof data === 'string' ? data : data === undefined || data === null ? '' : JSON.stringify(data)
  const said = [message, details].filter((part) => part !== '').join(': ')
  const [line = ''] = said.split('\n')
  const login = code === AUTH_REQUIRED ? ' (log in with the agent itself first)' : ''
  return `${line === '' ? `error ${code}` : line.slice(0, 300)}${login}`
}

/** What an agent that could not answer means. The protocol's codes say little, and where they say nothing the words do. */
export function troubleOf(failure: Failure): Trouble {
  const said = saidOf(failure)
  const permanent = (reason: string): Trouble => ({ kind: 'permanent', reason: `${reason}: ${said}` })
  const passing = (reason: string): Trouble => ({ kind: 'passing', reason: `${reason}: ${said}` })
  switch (failure.code) {
    case AUTH_REQUIRED:
      return permanent('the key or login is not accepted')
    case -32600:
    case -32601:
    case -32602:
    case -32002:
      return permanent('the agent refuses the request')
    default:
  }
  if (/rate.?limit|usage limit|quota|too many requests|\b429\b/i.test(said)) {
    return { kind: 'rate-limited', reason: `the usage limit is reached: ${said}`, until: null, account: null }
  }
  if (/credit|billing|\b402\b/i.test(said)) return permanent('the account has no credit')
  if (/api.?key|unauthori[sz]ed|authenticat|\b40[13]\b/i.test(said)) {
    return permanent('the key or login is not accepted')
  }
  return passing('the agent ended its turn with an error')
}

/** Why a turn that ended without an error is no answer; undefined when it is one. */
export function shortfallOf(stopReason: string): Trouble | undefined {
  switch (stopReason) {
    case 'end_turn':
    case 'cancelled':
      return undefined
    case 'max_tokens':
      return { kind: 'permanent', reason: 'the answer is longer than the model may give' }
    case 'max_turn_requests':
      return {
        kind: 'permanent',
        reason: 'the agent has called its model as often as it may for one message',
      }
    case 'refusal':
      return { kind: 'permanent', reason: 'the agent refuses to go on' }
    default:
      return {
        kind: 'permanent',
        reason: `the agent stopped for a reason that is not known: ${stopReason.slice(0, 100)}`,
      }
  }
}
