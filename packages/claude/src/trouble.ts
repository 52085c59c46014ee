import type { Trouble } from '@overmind/core'
import { type JsonObject, numberAt, objectAt, textAt, textsAt } from './json.ts'

/** What a `result` says is wrong; undefined when nothing is, or it was only asked to let go. */
export function troubleOf(result: JsonObject): Trouble | undefined {
  if (result['is_error'] !== true && textAt(result, 'subtype') === 'success') return undefined
  const terminal = textAt(result, 'terminal_reason') ?? ''
  if (terminal.startsWith('aborted')) return undefined
  const said = sentence(result)
  switch (textAt(result, 'subtype')) {
    case 'error_max_turns':
      return { kind: 'budget', reason: 'it has taken as many turns as it may' }
    case 'error_max_budget_usd':
      return { kind: 'budget', reason: 'it has spent as much as it may' }
    default:
  }
  if (terminal === 'prompt_too_long')
    return { kind: 'permanent', reason: `the conversation is too long for the model: ${said}` }
  if (textAt(result, 'api_error') === 'usage_limit_reached') return limited(said, null)
  if (said.startsWith('No conversation found')) {
    return { kind: 'permanent', reason: `the conversation cannot be resumed: ${said}` }
  }
  return byStatus(numberAt(result, 'api_error_status'), said)
}

/** What an answer that is an error of the API means. The status rules, and where it says too little the words do. */
function byStatus(status: number | undefined, said: string): Trouble {
  const passing = (reason: string): Trouble => ({ kind: 'passing', reason: `${reason}: ${said}` })
  const permanent = (reason: string): Trouble => ({ kind: 'permanent', reason: `${reason}: ${said}` })
  if (/credit balance|billing/i.test(said)) return permanent('the account has no credit')
  if (/prompt is too long|context (?:window|limit|length)|too many tokens/i.test(said)) {
    return permanent('the conversation is too long for the model')
  }
  if (/hit your .*limit|usage limit|limit reached/i.test(said)) return limited(said, null)
  switch (status) {
    case 401:
    case 403:
      return permanent('the key or login is not accepted')
    case 402:
      return permanent('the account has no credit')
    case 404:
      return permanent('there is no such model')
    case 400:
    case 413:
      return permanent('the request is refused')
    case 429:
      return limited(said, null)
    case 529:
      return passing('the service is overloaded')
    case 408:
    case 500:
    case 502:
    case 503:
    case 504:
      return passing('the service has a fault')
    default:
  }
  if (/not logged in|\/login|invalid api key|authentication/i.test(said)) {
    return permanent('the key or login is not accepted')
  }
  if (/overloaded/i.test(said)) return passing('the service is overloaded')
  if (/connection|network|timed? ?out|ECONN|ENOTFOUND|EAI_AGAIN|fetch failed|socket/i.test(said)) {
    return passing('the service cannot be reached')
  }
  return passing('it ended its turn with an error')
}

/** What a `rate_limit_event` says, when it says that nothing goes any more. */
export function limitOf(event: JsonObject): Trouble | undefined {
  const info = objectAt(event, 'rate_limit_info')
  if (textAt(info, 'status') !== 'rejected') return undefined
  const resets = numberAt(info, 'resetsAt')
  const window = (textAt(info, 'rateLimitType') ?? 'usage').replaceAll('_', ' ')
  return limited(`the ${window} limit is reached`, isTime(resets) ? resets * 1000 : null)
}

/** Seconds since 1970 that a date can have. */
function isTime(seconds: number | undefined): seconds is number {
  return seconds !== undefined && Math.abs(seconds) <= 8.64e12
}

function limited(reason: string, until: number | null): Trouble {
  return { kind: 'rate-limited', reason, until, account: null }
}

/** One line of what it said, at most so long that it can be shown. */
function sentence(result: JsonObject): string {
  const said = textAt(result, 'result') ?? textsAt(result, 'errors').join('; ')
  const [line = ''] = said.split('\n')
  return line === '' ? 'it did not say why' : line.slice(0, 300)
}

/** What the CLI says on stderr when it does not even begin. */
export function refusalOf(stderr: string): Trouble | undefined {
  const line = stderr.split('\n').findLast((text) => /^\s*(?:error|Error)\b/.test(text))
  if (line === undefined) return undefined
  return { kind: 'permanent', reason: `Claude Code refused to start: ${line.trim().slice(0, 300)}` }
}
