import { type Fact, objectInLine } from '@overmind/core'
import { askOf, pendingAsks } from './asks.ts'
import { type JsonObject, listAt, numberAt, objectAt, textAt, textsAt } from './json.ts'
import { billOf } from './spending.ts'
import { limitOf, troubleOf } from './trouble.ts'

/** What a line of the CLI's stream says. Lines of kinds that are not known say nothing. */
export function hear(line: string): readonly Fact[] {
  const event = objectInLine(line)
  if (event === undefined) return []
  switch (textAt(event, 'type')) {
    case 'system':
      return system(event)
    case 'result':
      return result(event)
    case 'command_lifecycle':
      return lifecycle(event)
    case 'assistant':
    case 'user':
      return listAt(objectAt(event, 'message'), 'content').flatMap(toolUse)
    case 'control_response':
      return response(objectAt(event, 'response'))
    case 'control_request':
      return [askOf(event)].filter((fact) => fact !== undefined)
    case 'control_cancel_request':
      return withText(event, 'request_id', (ask) => ({ type: 'withdrawn', ask }))
    case 'rate_limit_event':
      return withTrouble(limitOf(event))
    default:
      return []
  }
}

function system(event: JsonObject): readonly Fact[] {
  switch (textAt(event, 'subtype')) {
    case 'init':
      return withText(event, 'session_id', (conversation) => ({
        type: 'named',
        conversation,
        model: textAt(event, 'model') ?? null,
      }))
    case 'session_state_changed':
      switch (textAt(event, 'state')) {
        case 'running':
          return [{ type: 'turn', turn: 'busy' }]
        case 'idle':
          return [{ type: 'turn', turn: 'idle' }]
        default:
          return []
      }
    case 'background_tasks_changed':
      return [{ type: 'background', running: listAt(event, 'tasks').length }]
    default:
      return []
  }
}

function lifecycle(event: JsonObject): readonly Fact[] {
  const state = textAt(event, 'state')
  return withText(event, 'command_uuid', (message) => {
    switch (state) {
      case 'queued':
      case 'started':
        return { type: 'taken', message }
      case 'completed':
        return { type: 'settled', message }
      case 'cancelled':
        return { type: 'dropped', message }
      default:
        return undefined
    }
  })
}

/** Of its tools only the shell says how long it may take. */
function toolUse(block: unknown): readonly Fact[] {
  switch (textAt(block, 'type')) {
    case 'tool_use': {
      if (textAt(block, 'name') !== 'Bash') return []
      const limitMs = numberAt(objectAt(block, 'input'), 'timeout') ?? SHELL_LIMIT_MS
      return withText(block, 'id', (call) => ({ type: 'tool-began', call, limitMs }))
    }
    case 'tool_result':
      return withText(block, 'tool_use_id', (call) => ({ type: 'tool-ended', call }))
    default:
      return []
  }
}

/** How long a command of its shell may take where it does not say. */
const SHELL_LIMIT_MS = 120_000

/** Whatever it answers to the first request, it listens. */
function response(body: JsonObject): readonly Fact[] {
  if (textAt(body, 'request_id') !== GREETING) return []
  return [{ type: 'ready' }, ...pendingAsks(body)]
}

/** The request that every run is greeted with. */
export const GREETING = 'overmind-greeting'

function result(event: JsonObject): readonly Fact[] {
  const trouble = troubleOf(event)
  const messages = textsAt(event, 'user_message_uuids')
  return [
    ...withTrouble(trouble),
    {
      type: 'answered',
      messages: messages.length === 0 ? null : messages,
      ok: event['is_error'] !== true && textAt(event, 'subtype') === 'success',
      interrupted: (textAt(event, 'terminal_reason') ?? '').startsWith('aborted'),
      ...billOf(event),
    },
  ]
}

function withTrouble(trouble: Extract<Fact, { type: 'trouble' }>['trouble'] | undefined): readonly Fact[] {
  return trouble === undefined ? [] : [{ type: 'trouble', trouble }]
}

function withText(event: unknown, name: string, fact: (text: string) => Fact | undefined): readonly Fact[] {
  const text = textAt(event, name)
  const made = text === undefined ? undefined : fact(text)
  return made === undefined ? [] : [made]
}
