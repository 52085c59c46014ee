import {
  type AnswerText,
  type MissionSpec,
  nothingSpent,
  objectInLine,
  promptOf,
  type Talk,
} from '@overmind/core'
import { verdictLine } from './asks.ts'
import { GREETING, hear } from './hear.ts'
import { numberAt, objectAt, textAt, textsAt } from './json.ts'
import { show } from './show.ts'
import { billOf } from './spending.ts'
import { textOf } from './tools.ts'

/** How Claude Code is talked to: one JSON object a line, both ways. */
export function talkWith(spec: MissionSpec): Talk {
  return {
    prompt: promptOf(spec),
    turns: true,
    remembers: true,
    interruptAnswers: false,
    hasTerminal: true,
    answers: 'line',
    greet: () => control(GREETING, { subtype: 'initialize' }),
    message: ({ id: uuid, text }) =>
      JSON.stringify({
        type: 'user',
        message: { role: 'user', content: [{ type: 'text', text }] },
        parent_tool_use_id: null,
        uuid,
      }),
    reply: () => '',
    verdict: verdictLine,
    interrupt: (request) => control(request, { subtype: 'interrupt' }),
    farewell: () => control('overmind-farewell', { subtype: 'end_session' }),
    goOn: () => GO_ON,
    nudge: () => NUDGE,
    hear,
    show,
    answer,
  }
}

const GO_ON = 'You were cut off before you had answered. Continue from where you left off.'

const NUDGE =
  'You have been silent for a long time. If you wait for something, say for what; if you are stuck, say where and go on with what you can do; if you are done, say so.'

function control(id: string, request: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ type: 'control_request', request_id: id, request })
}

/** The last text of the agent itself. */
function lastWords(lines: readonly string[]): string {
  for (const line of lines.toReversed()) {
    const event = objectInLine(line) ?? {}
    if (textAt(event, 'type') !== 'assistant' || textAt(event, 'parent_tool_use_id') !== undefined) continue
    const text = textOf(objectAt(event, 'message')['content'])
    if (text !== '') return text
  }
  return ''
}

function answer(said: string): AnswerText {
  const lines = said.split('\n')
  const result = objectInLine(lines.at(-1) ?? '') ?? {}
  // It was cut off before it could sum it up.
  if (textAt(result, 'type') !== 'result')
    return { text: lastWords(lines), durationMs: null, spent: nothingSpent, details: {} }
  return {
    text: textAt(result, 'result') ?? textsAt(result, 'errors').join('\n'),
    durationMs: numberAt(result, 'duration_ms') ?? null,
    spent: billOf(result).spent,
    details: result,
  }
}
