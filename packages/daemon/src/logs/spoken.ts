import { type Mission, objectInLine } from '@overmind/core'
import { logLines } from './lines.ts'

export interface SpokenOptions {
  /** Begin with what it has said before. */
  readonly all: boolean
  readonly signal: AbortSignal
}

/** What a mission says, line by line: objects as its agent writes them, other lines as `plain`; the last says how it ended. */
export async function* spokenBy(
  mission: Mission,
  { all, signal }: SpokenOptions,
): AsyncGenerator<Readonly<Record<string, unknown>>, undefined> {
  const lines = logLines(mission, { raw: true, follow: true, signal, ...(all ? {} : { tail: 0 }) })
  for await (const { text, notice } of lines) {
    if (notice !== true) yield objectInLine(text) ?? { type: 'plain', text }
  }
  const { status, state } = mission.view()
  const { exit } = state
  if (exit !== null) yield { type: 'exit', status, exit_code: exit.code }
}
