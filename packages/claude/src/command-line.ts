import type { Argument, Beginning, Environment, Invocation } from '@overmind/core'
import { type ClaudeOptions, optionsOf } from './options.ts'
import { mcpConfigsOf, orchestratorRules } from './orchestrator.ts'

/** What the CLI tells the programs it starts about itself: another CLI would take it for its own. */
const INHERITED: ReadonlySet<string> = new Set([
  'AI_AGENT',
  'CLAUDECODE',
  'CLAUDE_CODE_CHILD_SESSION',
  'CLAUDE_CODE_ENTRYPOINT',
  'CLAUDE_CODE_MESSAGING_SOCKET',
  'CLAUDE_CODE_MESSAGING_TOKEN',
  'CLAUDE_CODE_RESUME_INTERRUPTED_TURN',
  'CLAUDE_CODE_RESUME_REASON',
  'CLAUDE_CODE_SESSION_ID',
  'CLAUDE_CODE_SSE_PORT',
  'CLAUDE_PID',
])

/** The variable that names the CLI where it is not `claude` on the PATH. */
export const CLI_VARIABLE = 'OVERMIND_CLAUDE'

/** The program of the CLI, as the mission's own environment finds it. */
export function cliOf(env: Environment): string {
  const given = env[CLI_VARIABLE]
  return given === undefined || given === '' ? 'claude' : given
}

const HEADLESS = [
  '-p',
  '--output-format=stream-json',
  '--input-format=stream-json',
  '--verbose',
  '--permission-prompt-tool=stdio',
] as const

/** How a run of Claude Code is started: headless, told and heard in lines of JSON; or on the terminal that it has for people. */
export function commandLine({ spec, env, conversation }: Beginning): Invocation {
  const options = optionsOf(spec)
  const id = conversation?.id ?? null
  const atTerminal = conversation !== null && conversation.terminal !== null
  const argv: Invocation['argv'] = [
    cliOf(env),
    ...(atTerminal ? [] : HEADLESS),
    ...(id === null ? [] : [conversation?.resumes === true ? '--resume' : '--session-id', id]),
    ...(spec.model === null ? [] : ['--model', spec.model]),
    ...(atTerminal ? [] : limits(spec, conversation)),
    ...flags(options, { rules: conversation?.rules ?? [], env }),
    ...(options.args ?? []),
  ]
  if (atTerminal) return { argv, streams: 'terminal', env: ownOnly(env) }
  return { argv, streams: 'talk', env: { ...ownOnly(env), ...talking(conversation) } }
}

function ownOnly(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !INHERITED.has(name)))
}

/** It tells when it waits for a message, and goes on by itself with one that it was cut off from. */
function talking(conversation: Beginning['conversation']): Environment {
  return {
    CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS: '1',
    ...(conversation?.resumes === true && conversation.unfinished
      ? { CLAUDE_CODE_RESUME_INTERRUPTED_TURN: '1' }
      : {}),
  }
}

/** What is left of the mission's limits, so that the CLI stops in the middle of a turn. */
function limits(
  { maxCostUsd, maxTurns }: Beginning['spec'],
  conversation: Beginning['conversation'],
): readonly string[] {
  const spent = conversation?.spent
  const usd = maxCostUsd === null ? null : maxCostUsd - (spent?.costUsd ?? 0)
  const turns = maxTurns === null ? null : maxTurns - (spent?.turns ?? 0)
  return [
    ...(usd === null ? [] : ['--max-budget-usd', String(Math.max(usd, 0.000001))]),
    ...(turns === null ? [] : ['--max-turns', String(Math.max(turns, 1))]),
  ]
}

function flags(
  options: ClaudeOptions,
  { rules, env }: { readonly rules: readonly string[]; readonly env: Environment },
): readonly Argument[] {
  const text = (name: string, value: string | undefined): readonly string[] =>
    value === undefined ? [] : [`${name}=${value}`]
  const list = (name: string, values: readonly string[] | undefined): readonly string[] =>
    values === undefined || values.length === 0 ? [] : [`${name}=${values.join(',')}`]
  // Settings and servers may have keys in them.
  const json = (name: string, value: unknown): readonly Argument[] => {
    if (value === undefined) return []
    const isPath = typeof value === 'string' && !value.trimStart().startsWith('{')
    if (isPath) return [`${name}=${value}`]
    return [{ before: `${name}=`, text: typeof value === 'string' ? value : JSON.stringify(value) }]
  }
  const allowed = [...(options.allowedTools ?? []), ...orchestratorRules(options), ...rules]
  return [
    ...text('--permission-mode', options.permissionMode),
    ...list('--allowedTools', allowed),
    ...list('--disallowedTools', options.disallowedTools),
    ...(options.tools === undefined ? [] : [`--tools=${options.tools.join(',')}`]),
    ...text('--system-prompt', options.systemPrompt),
    ...text('--append-system-prompt', options.appendSystemPrompt),
    ...json('--settings', options.settings),
    ...mcpConfigsOf(options, env).flatMap((config) => json('--mcp-config', config)),
    ...(options.strictMcpConfig === true ? ['--strict-mcp-config'] : []),
    ...(options.addDirs ?? []).map((folder) => `--add-dir=${folder}`),
    ...text('--fallback-model', options.fallbackModel),
  ]
}
