import { oneLine } from '@overmind/core'
import type { ToolCall } from './protocol.ts'

/** What a tool is used for, in one line. */
export function toolLine({ title, kind, id }: ToolCall): string {
  return [oneLine(title), kind, id].find((text) => text !== '') ?? ''
}

/** What came of it, in one line. */
export function resultLine({ results }: ToolCall): string {
  const line = oneLine(results.join('\n'))
  return line === '' ? 'nothing' : line
}
