import { createHash } from 'node:crypto'
import type { Environment, Provider } from '@overmind/core'
import { commandLine } from './command-line.ts'
import { checkInstallation } from './installation.ts'
import { optionsOf, readOptions } from './options.ts'
import { checkOrchestrator } from './orchestrator.ts'
import { talkWith } from './talk.ts'
import { memoryOf } from './transcript.ts'
import { refusalOf } from './trouble.ts'

/**
 * Claude Code. A task is one prompt, answered; a session takes messages until it is ended. Both go on with the same
 * conversation when they are restarted.
 *
 * @example
 * ```ts
 * await using runtime = await createRuntime({ providers: [claudeProvider()] })
 * const task = await runtime.start({ provider: 'claude', command: 'Explain OTP in three sentences' })
 * await task.exited()
 * ```
 */
export function claudeProvider(): Provider {
  return {
    name: 'claude',
    checkOptions: (spec) => void readOptions(spec),
    check: async (spec, env) => {
      const { orchestrator } = optionsOf(spec)
      await checkInstallation(spec.cwd, env)
      if (orchestrator === true) await checkOrchestrator(spec.cwd, env)
    },
    invoke: commandLine,
    talk: talkWith,
    remembers: async ({ conversation, env }) => {
      const id = conversation?.id ?? null
      return id === null ? 'none' : memoryOf(id, env)
    },
    account: (_, env) => accountOf(env),
    judge: ({ code, tail, trouble }) => trouble ?? (code === 0 ? undefined : refusalOf(tail)),
  }
}

/** The first of them that is not empty counts. */
const SECRETS = ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'CLAUDE_CODE_OAUTH_TOKEN'] as const

/** Whose limits count: of a key or token only a fingerprint is kept. */
function accountOf(env: Environment): string {
  const secret = SECRETS.map((name) => env[name]).find((value) => value !== undefined && value !== '')
  if (secret !== undefined) {
    return `key-${createHash('sha256').update(secret).digest('hex').slice(0, 8)}`
  }
  return `login-${createHash('sha256')
    .update(env['CLAUDE_CONFIG_DIR'] ?? env['HOME'] ?? '')
    .digest('hex')
    .slice(0, 8)}`
}
