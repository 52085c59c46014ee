import { oneLine } from '@overmind/core'
import { isObject, type JsonObject } from './json.ts'

/** The input of a tool that says most about what it is used for. */
const TELLING = ['command', 'file_path', 'path', 'pattern', 'url', 'query', 'description', 'prompt'] as const

/** What a tool is used for, in one line. */
export function toolLine(tool: string, input: JsonObject): string {
  const telling = TELLING.map((name) => input[name]).find((value) => typeof value === 'string')
  const about = telling ?? (Object.keys(input).length === 0 ? '' : JSON.stringify(input))
  return about === '' ? tool : `${tool}: ${oneLine(about)}`
}

/** The text in the content of a message or of a tool's result. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content
    .filter(isObject)
    .map((block) => (typeof block['text'] === 'string' ? block['text'] : ''))
    .filter((text) => text !== '')
    .join('\n')
}
