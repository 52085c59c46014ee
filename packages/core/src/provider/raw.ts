import { OvermindError } from '../model/errors.ts'
import { nothingSpent } from '../model/conversation.ts'
import type { MissionSpec } from '../model/spec.ts'
import { findProgram } from '../process/launch-checks.ts'
import type { Provider } from './provider.ts'
import type { Talk } from './talk.ts'

/** Any program that reads lines and writes lines: each line is the answer to the oldest message it has. */
const lines: Talk = {
  prompt: null,
  turns: false,
  remembers: false,
  interruptAnswers: false,
  hasTerminal: false,
  answers: 'line',
  greet: () => null,
  message: ({ text }) => text,
  reply: () => '',
  verdict: () => '',
  interrupt: () => null,
  farewell: () => null,
  goOn: () => null,
  nudge: () => null,
  hear: () => [
    { type: 'answered', messages: null, ok: true, interrupted: false, spent: nothingSpent, runCostUsd: null },
  ],
  show: (line) => [line],
  answer: (text) => ({ text, durationMs: null, spent: nothingSpent, details: {} }),
}

/** What a session without a command runs. */
const ECHO = ['/bin/cat'] as const

/** Any command: nothing is known of its output but that it is output. */
export const rawProvider: Provider = {
  name: 'raw',
  checkOptions: mustBePlain,
  check: async (spec, env) => {
    if (spec.command.kind === 'exec') await findProgram(spec.command.argv[0], spec.cwd, env)
  },
  invoke: ({ spec: { command, type, terminal }, env }) => ({
    argv:
      command.kind === 'exec'
        ? command.argv
        : command.line.trim() === ''
          ? ECHO
          : ['/bin/sh', '-c', command.line],
    streams: terminal !== null ? 'terminal' : type === 'session' ? 'talk' : 'merged',
    env,
  }),
  talk: ({ type }) => (type === 'session' ? lines : null),
}

/** @throws OvermindError `invalid_spec` for what only an agent has */
function mustBePlain({ model, options, maxCostUsd, maxTurns, maxTokens }: MissionSpec): void {
  const asked = { model, maxCostUsd, maxTurns, maxTokens, options: Object.keys(options)[0] ?? null }
  const [field] = Object.entries(asked).find(([, value]) => value !== null) ?? []
  if (field === undefined) return
  throw new OvermindError(
    'invalid_spec',
    `${field}: a command has none; name the provider of an agent for that`,
    {
      field,
    },
  )
}
