import { type Json, type MissionSpec, OvermindError } from '@overmind/core'
import { z } from 'zod'

const schema = z.strictObject({
  agent: z.tuple([z.string().min(1)], z.string()),
  mcpServers: z.array(z.record(z.string(), z.json())).optional(),
})

/** What a mission says of an agent that speaks the Agent Client Protocol: `options` of its description. */
export interface AcpOptions {
  /** The agent's program and its arguments, such as `['gemini', '--acp']`. */
  readonly agent: readonly [string, ...string[]]
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

function wrong(field: string, sentence: string): OvermindError {
  return new OvermindError('invalid_spec', `${field}: ${sentence}`, { field })
}
