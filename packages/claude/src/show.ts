import { objectInLine, oneLine } from '@overmind/core'
import { askOf } from './asks.ts'
import { isObject, type JsonObject, listAt, numberAt, objectAt, textAt } from './json.ts'
import { billOf } from './spending.ts'
import { limitOf, troubleOf } from './trouble.ts'
import { textOf, toolLine } from './tools.ts'

/** A line of the CLI's stream for people; what is no line of its protocol is shown as it is. */
export function show(line: string): readonly string[] {
  const event = objectInLine(line)
  if (event === undefined) return line.trim() === '' ? [] : [line]
  const shown = showEvent(event)
  // What a subagent does stands under what its agent does.
  return typeof event['parent_tool_use_id'] === 'string' ? shown.map((text) => `  ${text}`) : shown
}

function showEvent(event: JsonObject): readonly string[] {
  switch (textAt(event, 'type')) {
    case 'assistant':
      return blocksOf(event).flatMap(said)
    case 'user':
      return blocksOf(event).flatMap(toolResult)
    case 'result':
      return [summary(event)]
    case 'system':
      return textAt(event, 'subtype') === 'api_retry' ? [retry(event)] : []
    case 'control_request': {
      const asked = askOf(event)
      return asked === undefined ? [] : [`[asks] ${asked.ask.summary}`]
    }
    case 'rate_limit_event': {
      const limit = limitOf(event)
      return limit === undefined ? [] : [`[limit] ${limit.reason}`]
    }
    default:
      return []
  }
}

function blocksOf(event: JsonObject): readonly JsonObject[] {
  return listAt(objectAt(event, 'message'), 'content').filter(isObject)
}

function said(block: JsonObject): readonly string[] {
  switch (textAt(block, 'type')) {
    case 'text':
      return (textAt(block, 'text') ?? '').split('\n')
    case 'tool_use':
      return [`[tool] ${toolLine(textAt(block, 'name') ?? 'unknown', objectAt(block, 'input'))}`]
    default:
      return []
  }
}

function toolResult(block: JsonObject): readonly string[] {
  if (textAt(block, 'type') !== 'tool_result') return []
  const text = oneLine(textOf(block['content']))
  return [
    `${block['is_error'] === true ? '[tool error]' : '[tool result]'} ${text === '' ? 'nothing' : text}`,
  ]
}

function summary(result: JsonObject): string {
  const { spent, runCostUsd } = billOf(result)
  const cost = runCostUsd === null ? `$${spent.costUsd.toFixed(4)}` : `$${runCostUsd.toFixed(4)} in all`
  const seconds = ((numberAt(result, 'duration_ms') ?? 0) / 1000).toFixed(1)
  const turns = `${spent.turns} turn${spent.turns === 1 ? '' : 's'}`
  const trouble = troubleOf(result)
  const aborted = (textAt(result, 'terminal_reason') ?? '').startsWith('aborted')
  const head = aborted ? '[interrupted]' : trouble === undefined ? '[done]' : `[error] ${trouble.reason};`
  return `${head} ${turns}, ${seconds} s, ${cost}`
}

function retry(event: JsonObject): string {
  const status = numberAt(event, 'error_status')
  const what = textAt(event, 'error') ?? 'error'
  const wait = ((numberAt(event, 'retry_delay_ms') ?? 0) / 1000).toFixed(1)
  const count = `${numberAt(event, 'attempt') ?? '?'} of ${numberAt(event, 'max_retries') ?? '?'}`
  return `[retry] ${status === undefined ? '' : `${status} `}${what}, retry ${count} in ${wait} s`
}
