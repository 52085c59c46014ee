import type { Mission } from '@overmind/core'

const SAID =
  /^\[([^\]]+)\] (started again, run \d+|(?:started|ready|completed|stopped|failed|skipped|gave up|replaced|paused|changed)(?:, run \d+)?)(?![\w,])/

/** What the log of a pipeline says so far: `<agent> <word>`, and `done`. */
export async function linesSaid(pipeline: Mission): Promise<ReadonlySet<string>> {
  const parts: Uint8Array[] = []
  for await (const part of pipeline.output({ follow: false })) parts.push(part)
  const lines = Buffer.concat(parts).toString('utf8').split('\n')
  return new Set(
    lines.flatMap((line) => {
      if (line.startsWith('done: ')) return ['done']
      const [, agent, word] = SAID.exec(line) ?? []
      return agent === undefined || word === undefined ? [] : [`${agent} ${word}`]
    }),
  )
}
