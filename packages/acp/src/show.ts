import type { Piece } from '@overmind/core'
import { askOf } from './asks.ts'
import { type Frame, readFrame } from './frame.ts'
import { hearOpening } from './opening.ts'
import { readUpdate, type ToolCall } from './protocol.ts'
import { resultLine, toolLine } from './tools.ts'
import { turnLine } from './turn.ts'

/** A line of the agent's for people; what is no line of the protocol is shown as it is. */
export function show(line: string): readonly string[] | Piece {
  const frame = readFrame(line)
  if (frame === undefined) return line.trim() === '' ? [] : [line]
  switch (frame.kind) {
    case 'result':
    case 'failure':
      return ending(frame)
    case 'request': {
      const asked = askOf(frame)
      return asked === undefined ? [] : [`[asks] ${asked.ask.summary}`]
    }
    case 'notification':
      return said(frame.params)
  }
}

function ending(frame: Extract<Frame, { kind: 'result' | 'failure' }>): readonly string[] {
  const opening = hearOpening(frame)
  if (opening === undefined) return [turnLine(frame)]
  return opening.filter((fact) => fact.type === 'trouble').map(({ trouble }) => `[error] ${trouble.reason}`)
}

function said(params: unknown): readonly string[] | Piece {
  const news = readUpdate(params)
  switch (news?.kind) {
    case 'chunk':
      return { piece: news.text }
    case 'tool-began':
      return [`[tool] ${toolLine(news.toolCall)}`]
    case 'tool-went-on':
      return toolEnd(news.toolCall)
    case undefined:
      return []
  }
}

function toolEnd(toolCall: ToolCall): readonly string[] {
  switch (toolCall.status) {
    case 'completed':
      return [`[tool result] ${resultLine(toolCall)}`]
    case 'failed':
      return [`[tool error] ${resultLine(toolCall)}`]
    default:
      return []
  }
}
