import { type Environment, findProgram, OvermindError } from '@overmind/core'
import { isObject } from './json.ts'
import type { ClaudeOptions } from './options.ts'

/** The variable that names the `overmind` command where it is not on the PATH. */
const OVERMIND_VARIABLE = 'OVERMIND_CLI'

/** What the MCP server is called: its tools are `mcp__overmind__start_mission` and so on. */
const SERVER = 'overmind'

/** The `overmind` command, as the mission's own environment finds it. */
function overmindOf(env: Environment): string {
  const given = env[OVERMIND_VARIABLE]
  return given === undefined || given === '' ? 'overmind' : given
}

/**
 * Sees that the command is there, because an agent whose server cannot be started goes on without its tools.
 *
 * @throws OvermindError `invalid_spec`
 */
export async function checkOrchestrator(cwd: string, env: Environment): Promise<void> {
  await findProgram(overmindOf(env), cwd, env).catch((cause: unknown) => {
    throw new OvermindError(
      'invalid_spec',
      `options.orchestrator: the overmind command was not found: ${cause instanceof Error ? cause.message : String(cause)}. Put it on the mission's PATH, or name it with ${OVERMIND_VARIABLE}`,
      { field: 'options.orchestrator', cause },
    )
  })
}

/** What an agent that runs other missions may do without asking: use the tools for it. */
export function orchestratorRules({ orchestrator }: ClaudeOptions): readonly string[] {
  return orchestrator === true ? [`mcp__${SERVER}`] : []
}

/** Each value of `--mcp-config`: what the person gave, and the server where that has none of its name. */
export function mcpConfigsOf(
  { orchestrator, mcpConfig }: ClaudeOptions,
  env: Environment,
): readonly unknown[] {
  const given = mcpConfig === undefined ? [] : [mcpConfig]
  if (orchestrator !== true) return given
  const server = { type: 'stdio', command: overmindOf(env), args: ['mcp'] }
  const own = { mcpServers: { [SERVER]: server } }
  if (!isObject(mcpConfig)) return [...given, own]
  const others = isObject(mcpConfig['mcpServers']) ? mcpConfig['mcpServers'] : {}
  return [{ ...mcpConfig, mcpServers: { ...own.mcpServers, ...others } }]
}
