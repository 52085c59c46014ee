import { basename } from 'node:path'
import { type Beginning, findProgram, OvermindError, type Provider } from '@overmind/core'
import { commandOf, optionsOf, readOptions } from './options.ts'
import { talkWith } from './talk.ts'

/**
 * Any agent that speaks the Agent Client Protocol, version 1, over its stdin and stdout. Which agent is said by the
 * option `agent`.
 *
 * @example
 * ```ts
 * await using runtime = await createRuntime({ providers: [acpProvider()] })
 * const task = await runtime.start({
 *   provider: 'acp',
 *   options: { agent: ['gemini', '--acp'] },
 *   command: 'Explain OTP in three sentences',
 * })
 * await task.exited()
 * ```
 */
export function acpProvider(): Provider {
  return {
    name: 'acp',
    checkOptions: (spec) => void readOptions(spec),
    check: async (spec, env) => {
      const [program] = commandOf(readOptions(spec))
      await findProgram(program, spec.cwd, env).catch((cause: unknown) => {
        throw new OvermindError(
          'agent_not_found',
          `the agent was not found: ${cause instanceof Error ? cause.message : String(cause)}. Install it, or name it by its path in options.agent`,
          { field: 'options.agent', value: program, cause },
        )
      })
    },
    invoke: ({ spec, env }) => ({ argv: commandOf(optionsOf(spec)), streams: 'talk', env }),
    talk: talkWith,
    // What it has answered it is to go on with. Whether it can is found out by asking: then it refuses, and that is seen.
    remembers: ({ conversation }) => Promise.resolve(hasAnswered(conversation) ? 'closed' : 'none'),
    account: (spec) => `agent-${basename(commandOf(optionsOf(spec))[0])}`,
  }
}

function hasAnswered(conversation: Beginning['conversation']): boolean {
  return conversation !== null && conversation.id !== null && conversation.spent.turns > 0
}
