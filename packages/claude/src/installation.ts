import { statSync } from 'node:fs'
import { type Environment, findProgram, OvermindError } from '@overmind/core'
import { execa } from 'execa'
import { CLI_VARIABLE, cliOf } from './command-line.ts'

/** The oldest release whose protocol is the one that is spoken here. */
const OLDEST = [2, 1, 100] as const
const INSTALL = 'npm install -g @anthropic-ai/claude-code'

const PROBE_MS = 20_000

/** What was found of a program, as long as it is the same file. */
const checked = new Map<string, string>()

/**
 * Sees that the CLI is there and new enough.
 *
 * @throws OvermindError `agent_not_found`, `agent_too_old`
 */
export async function checkInstallation(cwd: string, env: Environment): Promise<void> {
  const path = await findProgram(cliOf(env), cwd, env).catch((cause: unknown) => {
    throw new OvermindError(
      'agent_not_found',
      `Claude Code was not found: ${cause instanceof Error ? cause.message : String(cause)}. Install it with \`${INSTALL}\`, or name it with ${CLI_VARIABLE}`,
      { cause },
    )
  })
  const { mtimeMs, size } = statSync(path)
  const key = `${path} ${mtimeMs} ${size}`
  const version = checked.get(key) ?? (await versionOf(path, env))
  checked.set(key, version)
  if (isOlder(version)) {
    throw new OvermindError(
      'agent_too_old',
      `${path} is Claude Code ${version}; ${OLDEST.join('.')} or newer is needed: \`${INSTALL}\``,
    )
  }
}

async function versionOf(path: string, env: Environment): Promise<string> {
  const { stdout, failed, shortMessage } = await execa(path, ['--version'], {
    env,
    extendEnv: false,
    reject: false,
    timeout: PROBE_MS,
    stdin: 'ignore',
  })
  const [version] = /\d+\.\d+\.\d+/.exec(stdout) ?? []
  if (version !== undefined) return version
  throw new OvermindError(
    'agent_not_found',
    `${path} does not say which version of Claude Code it is${failed ? `: ${shortMessage}` : ''}. Install it with \`${INSTALL}\`, or name it with ${CLI_VARIABLE}`,
  )
}

function isOlder(version: string): boolean {
  const parts = version.split('.').map(Number)
  for (const [index, least] of OLDEST.entries()) {
    const part = parts[index] ?? 0
    if (part !== least) return part < least
  }
  return false
}
