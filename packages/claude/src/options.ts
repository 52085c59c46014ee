import { type MissionSpec, OvermindError } from '@overmind/core'
import { z } from 'zod'

const words = z.array(z.string())
const jsonOrPath = z.union([z.string(), z.record(z.string(), z.json())])

const schema = z.strictObject({
  permissionMode: z
    .enum(['default', 'manual', 'acceptEdits', 'plan', 'auto', 'dontAsk', 'bypassPermissions'])
    .optional(),
  allowedTools: words.optional(),
  disallowedTools: words.optional(),
  tools: words.optional(),
  systemPrompt: z.string().optional(),
  appendSystemPrompt: z.string().optional(),
  settings: jsonOrPath.optional(),
  mcpConfig: jsonOrPath.optional(),
  strictMcpConfig: z.boolean().optional(),
  orchestrator: z.boolean().optional(),
  addDirs: words.optional(),
  fallbackModel: z.string().optional(),
  args: words.optional(),
})

/** What a mission may say of Claude Code beyond what it says of any agent: `options` of its description. */
export interface ClaudeOptions {
  /** What it may do without asking. Default: as the CLI's own settings say. */
  readonly permissionMode?:
    | 'default'
    | 'manual'
    | 'acceptEdits'
    | 'plan'
    | 'auto'
    | 'dontAsk'
    | 'bypassPermissions'
    | undefined
  /** Rules of what it may do without asking, such as `Bash(git *)`. */
  readonly allowedTools?: readonly string[] | undefined
  readonly disallowedTools?: readonly string[] | undefined
  /** The only tools it has. Default: all. */
  readonly tools?: readonly string[] | undefined
  /** In place of the CLI's own. */
  readonly systemPrompt?: string | undefined
  /** On top of the CLI's own. */
  readonly appendSystemPrompt?: string | undefined
  /** Settings, or the path of a file with them. */
  readonly settings?: unknown
  /** MCP servers, or the path of a file with them. */
  readonly mcpConfig?: unknown
  /** Only the servers of `mcpConfig`. */
  readonly strictMcpConfig?: boolean | undefined
  /** Gives it the tools of `overmind mcp`, with which it runs missions of its own. Default: not. */
  readonly orchestrator?: boolean | undefined
  /** Folders beside its own that it may work in. */
  readonly addDirs?: readonly string[] | undefined
  /** Answers when the model is overloaded. */
  readonly fallbackModel?: string | undefined
  /** Further arguments for the CLI, as they are. */
  readonly args?: readonly string[] | undefined
}

/** @throws OvermindError `invalid_spec` that names the option, what is wrong with it and its value */
export function readOptions({ options }: Pick<MissionSpec, 'options'>): ClaudeOptions {
  const parsed = schema.safeParse(options)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const path = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : (issue?.path ?? [])
  const field = ['options', ...path].join('.')
  const wrong =
    issue?.code === 'unrecognized_keys'
      ? `no such option of Claude Code; there are ${Object.keys(schema.shape).join(', ')}`
      : (issue?.message ?? 'is wrong')
  throw new OvermindError('invalid_spec', `${field}: ${wrong}`, { field })
}

/** The same for options that have been checked. */
export function optionsOf(spec: Pick<MissionSpec, 'options'>): ClaudeOptions {
  return schema.parse(spec.options)
}
