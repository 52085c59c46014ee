import { type Ask, type Fact, objectInLine, type Verdict } from '@overmind/core'
import { isObject, type JsonObject, listAt, objectAt, textAt } from './json.ts'
import { toolLine } from './tools.ts'

/** What a request of the CLI asks of a person. */
export function askOf(request: unknown): Extract<Fact, { type: 'asked' }> | undefined {
  const id = textAt(request, 'request_id')
  const body = objectAt(request, 'request')
  if (id === undefined) return undefined
  const tool = textAt(body, 'tool_name') ?? textAt(body, 'subtype') ?? 'unknown'
  const input = objectAt(body, 'input')
  return {
    type: 'asked',
    ask: {
      id,
      tool,
      summary: toolLine(tool, input),
      input: JSON.stringify(input),
      rule: proposedRule(body),
      context: '',
    },
  }
}

/** The CLI proposes rules for what it asks, the narrowest first. */
function proposedRule(body: JsonObject): string | null {
  for (const suggestion of listAt(body, 'permission_suggestions')) {
    if (textAt(suggestion, 'type') !== 'addRules' || textAt(suggestion, 'behavior') !== 'allow') continue
    const [rule] = listAt(suggestion, 'rules')
    const tool = textAt(rule, 'toolName')
    const content = textAt(rule, 'ruleContent')
    if (tool !== undefined) return content === undefined ? tool : `${tool}(${content})`
  }
  return textAt(body, 'tool_name') ?? null
}

/** The answer to a request, in the words of the CLI. */
export function verdictLine(ask: Ask, verdict: Verdict): string {
  return JSON.stringify({
    type: 'control_response',
    response: { subtype: 'success', request_id: ask.id, response: answerOf(ask, verdict) },
  })
}

function answerOf(ask: Ask, verdict: Verdict): JsonObject {
  switch (verdict.decision) {
    case 'deny':
      return { behavior: 'deny', message: verdict.reason }
    case 'allow': {
      const updatedInput = objectInLine(ask.input) ?? {}
      const rule = verdict.rule === null ? undefined : parseRule(verdict.rule)
      if (rule === undefined) return { behavior: 'allow', updatedInput }
      const addRules = { type: 'addRules', rules: [rule], behavior: 'allow', destination: 'session' }
      return { behavior: 'allow', updatedInput, updatedPermissions: [addRules] }
    }
  }
}

const RULE = /^([\w-]+)(?:\((.*)\))?$/s

/** `Bash(git *)`, or the name of a tool alone. */
function parseRule(text: string): JsonObject | undefined {
  const [, toolName, ruleContent] = RULE.exec(text.trim()) ?? []
  if (toolName === undefined) return undefined
  return ruleContent === undefined ? { toolName } : { toolName, ruleContent }
}

/** Requests that were open when somebody new began to listen. */
export function pendingAsks(response: JsonObject): readonly Fact[] {
  return listAt(response, 'pending_permission_requests')
    .filter(isObject)
    .map(askOf)
    .filter((fact) => fact !== undefined)
}
