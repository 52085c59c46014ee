import { type Json, type MissionSpec, OvermindError } from '@overmind/core'
import { z } from 'zod'

const schema = z.strictObject({
  agent: z.union([z.string().min(1), z.tuple([z.string().min(1)], z.string())]),
  args: z.array(z.string()).optional(),
  mcpServers: z.array(z.record(z.string(), z.json())).optional(),
})

/** What a mission says of an agent that speaks the Agent Client Protocol: `options` of its description. */
export interface AcpOptions {
  /** The agent's program, or that and its arguments, such as `['gemini', '--acp']`. */
  readonly agent: string | readonly [string, ...string[]]
  /** Further arguments. */
  readonly args?: readonly string[] | undefined
  /** MCP servers that it is to use, as the protocol describes them. */
  readonly mcpServers?: readonly Readonly<Record<string, Json>>[] | undefined
}

/** @throws OvermindError `invalid_spec` that names the option, what is wrong with it, and what would be right */
export function readOptions({ options, model, maxCostUsd }: MissionSpec): AcpOptions {
  if (model !== null) {
    throw wrong('model', 'the protocol has no say in the model: name it in the arguments of the agent')
  }
  if (maxCostUsd !== null) {
    throw wrong('max_cost', 'agents of this protocol do not say what an answer costs: limit tokens or turns')
  }
  const parsed = schema.safeParse(options)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  if (issue?.code === 'unrecognized_keys') {
    const known = Object.keys(schema.shape).join(', ')
    throw wrong(`options.${issue.keys[0] ?? ''}`, `no such option of an ACP agent; there are ${known}`)
  }
  const [option = 'agent'] = issue?.path ?? []
  const right =
    option === 'agent' ? 'must be the program and its arguments, such as ["gemini", "--acp"]' : issue?.message
  throw wrong(`options.${String(option)}`, right ?? 'is wrong')
}

/** The same for a mission that has been checked. */
export function optionsOf({ options }: Pick<MissionSpec, 'options'>): AcpOptions {
  return schema.parse(options)
}

/** The program of the agent with all its arguments. */
export function commandOf({ agent, args = [] }: AcpOptions): readonly [string, ...string[]] {
  return typeof agent === 'string' ? [agent, ...args] : [...agent, ...args]
}

function wrong(field: string, sentence: string): OvermindError {
  return new OvermindError('invalid_spec', `${field}: ${sentence}`, { field })
}
