/** The command line of the CLI, as far as Overmind uses it. */

/** What the CLI says on stderr before it exits with 1, without a line of JSON. */
export class UsageError extends Error {}

export type PermissionMode = 'acceptEdits' | 'auto' | 'bypassPermissions' | 'default' | 'dontAsk' | 'plan'

export interface Options {
  readonly command: 'version' | 'session' | 'task'
  readonly output: 'text' | 'json' | 'stream-json'
  /** The prompt of a task, unless it comes from stdin. */
  readonly prompt: string | undefined
  readonly sessionId: string | undefined
  readonly resume: string | undefined
  readonly model: string
  readonly permissionMode: PermissionMode
  /** Who is asked for permission: the host over stdio, or nobody. */
  readonly asks: 'host' | 'nobody'
  readonly allowedTools: readonly string[]
  /** Of each message. */
  readonly maxTurns: number
  /** Dollars of this process. */
  readonly maxBudget: number
  readonly echo: 'messages' | 'nothing'
}

type Kind = 'flag' | 'value' | 'values'

const known: Readonly<Record<string, readonly [Kind, string]>> = {
  '--print': ['flag', ''],
  '--verbose': ['flag', ''],
  '--version': ['flag', ''],
  '--fork-session': ['flag', ''],
  '--replay-user-messages': ['flag', ''],
  '--strict-mcp-config': ['flag', ''],
  '--output-format': ['value', '<format>'],
  '--input-format': ['value', '<format>'],
  '--session-id': ['value', '<uuid>'],
  '--resume': ['value', '[value]'],
  '--model': ['value', '<model>'],
  '--fallback-model': ['value', '<model>'],
  '--permission-mode': ['value', '<mode>'],
  '--permission-prompt-tool': ['value', '<tool>'],
  '--max-turns': ['value', '<turns>'],
  '--max-budget-usd': ['value', '<amount>'],
  '--system-prompt': ['value', '<prompt>'],
  '--append-system-prompt': ['value', '<prompt>'],
  '--settings': ['value', '<file-or-json>'],
  '--setting-sources': ['value', '<sources>'],
  '--agents': ['value', '<json>'],
  '--tools': ['values', '<tools...>'],
  '--allowedTools': ['values', '<tools...>'],
  '--disallowedTools': ['values', '<tools...>'],
  '--mcp-config': ['values', '<configs...>'],
  '--add-dir': ['values', '<directories...>'],
}

const short: Readonly<Record<string, string>> = {
  '-p': '--print',
  '-v': '--version',
  '-r': '--resume',
  '--allowed-tools': '--allowedTools',
  '--disallowed-tools': '--disallowedTools',
}

/** Throws `UsageError` with the CLI's own sentence. */
export function readOptions(argv: readonly string[]): Options {
  const { given, rest } = parse(argv)
  const one = (flag: string): string | undefined => given.get(flag)?.at(-1)
  if (given.has('--version')) return { ...defaults, command: 'version' }
  const output = choice(one('--output-format') ?? 'text', outputs, '--output-format <format>')
  const input = choice(one('--input-format') ?? 'text', ['text', 'stream-json'], '--input-format <format>')
  const mode = choice(one('--permission-mode') ?? 'manual', modes, '--permission-mode <mode>')
  const sessionId = one('--session-id')
  const resume = one('--resume')
  const options: Options = {
    command: input === 'stream-json' ? 'session' : 'task',
    output,
    prompt: rest.at(0),
    sessionId,
    resume,
    model: one('--model') ?? defaults.model,
    permissionMode: mode === 'manual' ? 'default' : mode,
    asks: one('--permission-prompt-tool') === 'stdio' ? 'host' : 'nobody',
    allowedTools: (given.get('--allowedTools') ?? []).flatMap(rulesOf),
    maxTurns: amount(one('--max-turns'), '--max-turns <turns>'),
    maxBudget: amount(one('--max-budget-usd'), '--max-budget-usd <amount>'),
    echo: given.has('--replay-user-messages') ? 'messages' : 'nothing',
  }
  if (!given.has('--print')) throw new UsageError('Error: the stand-in is headless: --print is missing')
  if (output === 'stream-json' && !given.has('--verbose')) {
    throw new UsageError('Error: When using --print, --output-format=stream-json requires --verbose')
  }
  if (sessionId !== undefined && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(sessionId)) {
    throw new UsageError('Error: Invalid session ID. Must be a valid UUID.')
  }
  if (sessionId !== undefined && resume !== undefined) {
    throw new UsageError('Error: --session-id with --continue or --resume also needs --fork-session.')
  }
  return options
}

const outputs = ['text', 'json', 'stream-json'] as const
const modes = ['acceptEdits', 'auto', 'bypassPermissions', 'manual', 'dontAsk', 'plan'] as const

const defaults: Options = {
  command: 'task',
  output: 'text',
  prompt: undefined,
  sessionId: undefined,
  resume: undefined,
  model: 'claude-opus-5-5',
  permissionMode: 'default',
  asks: 'nobody',
  allowedTools: [],
  maxTurns: Infinity,
  maxBudget: Infinity,
  echo: 'nothing',
}

function parse(argv: readonly string[]): { given: Map<string, string[]>; rest: string[] } {
  const given = new Map<string, string[]>()
  const rest: string[] = []
  const queue = [...argv]
  for (let arg = queue.shift(); arg !== undefined; arg = queue.shift()) {
    if (arg === '--') {
      rest.push(...queue.splice(0))
    } else if (arg.startsWith('-') && arg !== '-') {
      const [, written = '', inline] = /^([^=]+)(?:=(.*))?$/s.exec(arg) ?? []
      const name = short[written] ?? written
      const [kind, shape] = known[name] ?? ['unknown', '']
      const values = given.get(name) ?? []
      given.set(name, values)
      if (kind === 'unknown') throw new UsageError(`error: unknown option '${written}'`)
      if (kind === 'flag') continue
      const first = inline ?? queue.shift()
      if (first === undefined) throw new UsageError(`error: option '${name} ${shape}' argument missing`)
      values.push(first)
      while (kind === 'values' && queue[0] !== undefined && !queue[0].startsWith('-')) {
        values.push(queue.shift() ?? '')
      }
    } else {
      rest.push(arg)
    }
  }
  return { given, rest }
}

function choice<const T extends string>(value: string, allowed: readonly T[], option: string): T {
  const found = allowed.find((each) => each === value)
  if (found !== undefined) return found
  throw new UsageError(
    `error: option '${option}' argument '${value}' is invalid. Allowed choices are ${allowed.join(', ')}.`,
  )
}

function amount(value: string | undefined, option: string): number {
  if (value === undefined) return Infinity
  const number = Number(value)
  if (number > 0) return number
  throw new UsageError(`error: option '${option}' argument '${value}' is invalid. must be a number`)
}

/** `Bash(git log:*),Read` and `Bash Read` are two rules each. */
function rulesOf(value: string): string[] {
  return value.match(/[\w-]+(?:\([^)]*\))?/g) ?? []
}
