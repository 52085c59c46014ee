/** Which tool call needs permission. */
import type { PermissionMode } from './options.ts'

export interface ToolCall {
  readonly name: string
  readonly input: Readonly<Record<string, unknown>>
}

export interface Policy {
  readonly mode: PermissionMode
  /** `Bash`, `Bash(touch:*)`, `Bash(touch a)`. */
  readonly rules: readonly string[]
}

export type Decision = 'allow' | 'ask' | 'deny'

export function decide(call: ToolCall, { mode, rules }: Policy): Decision {
  if (mode === 'bypassPermissions') return 'allow'
  if (rules.some((rule) => matches(rule, call)) || isHarmless(call)) return 'allow'
  if (mode === 'acceptEdits' && (call.name === 'Write' || call.name === 'Edit')) return 'allow'
  return mode === 'dontAsk' ? 'deny' : 'ask'
}

function matches(rule: string, call: ToolCall): boolean {
  const [, name, content] = /^([\w-]+)(?:\((.*)\))?$/.exec(rule) ?? []
  if (name !== call.name) return false
  if (content === undefined) return true
  const command = commandOf(call)
  const prefix = /^(.*?)(?::\*| ?\*)$/.exec(content)?.[1]
  return prefix === undefined ? command === content : command.startsWith(prefix)
}

/** Commands that only read run without a question, as long as nothing is chained or redirected. */
function isHarmless(call: ToolCall): boolean {
  if (call.name === 'Read') return true
  return call.name === 'Bash' && /^(echo|ls|cat|pwd|true)\b[^;&|<>`$]*$/.test(commandOf(call))
}

export function commandOf({ input }: ToolCall): string {
  return typeof input['command'] === 'string' ? input['command'] : ''
}
