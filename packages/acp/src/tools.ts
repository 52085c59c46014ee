import type { ToolCall } from './protocol.ts'

const WIDTH = 200

/** What a tool is used for, in one line. */
export function toolLine({ title, kind, id }: ToolCall): string {
  return [oneLine(title), kind, id].find((text) => text !== '') ?? ''
}

/** What came of it, in one line. */
export function resultLine({ results }: ToolCall): string {
  const line = oneLine(results.join('\n'))
  return line === '' ? 'nothing' : line
}

/** The first line that says something, and how much there is behind it. */
function oneLine(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const first = lines[0]?.trim() ?? ''
  const shown = first.length > WIDTH ? `${first.slice(0, WIDTH - 1)}…` : first
  return lines.length > 1 ? `${shown} (+${lines.length - 1} lines)` : shown
}
