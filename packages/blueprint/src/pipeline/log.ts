/** What a pipeline writes to its log: each thing once, whoever supervises it. */
import type { Mission, Work } from '@overmind/core'
import type { AgentState } from './decide.ts'

const SAID =
  /^\[([^\]]+)\] (started again, run \d+|(?:started|ready|completed|stopped|failed|skipped|waits|gave up|replaced|paused|changed)(?:, run \d+)?)(?![\w,])/

export interface PipelineLog {
  /** Learns what an earlier supervisor has said in this run. */
  recall(): Promise<void>
  say(who: string, what: string, more?: string): void
  hasSaid(who: string, what: string): boolean
  /** How an agent has ended. */
  ended(agent: string, mission: Mission, more?: string): void
  startedAgain(agent: string, mission: Mission): void
  done(states: Iterable<AgentState>): void
}

export function createLog(work: Pick<Work, 'mission' | 'resumed' | 'log'>): PipelineLog {
  let said = new Set<string>()

  function hasSaid(who: string, what: string): boolean {
    return said.has(`${who} ${what}`)
  }

  function say(who: string, what: string, more = ''): void {
    if (hasSaid(who, what)) return
    said.add(`${who} ${what}`)
    work.log(`[${who}] ${what}${more}`)
  }

  return {
    async recall() {
      if (work.resumed) said = await linesSaid(work.mission)
    },
    say,
    hasSaid,
    ended(agent, mission, more = '') {
      const { exit } = mission.view().state
      if (exit === null) return
      const isStopped = exit.class === 'stopped' || exit.class === 'killed'
      if (exit.class === 'completed') say(agent, `completed${nth(mission)}`)
      else
        say(agent, `${isStopped ? 'stopped' : 'failed'}${nth(mission)}`, `: ${exit.evidence.reason}${more}`)
    },
    startedAgain: (agent, mission) => say(agent, `started again${nth(mission)}`),
    done(states) {
      if (!said.has('done')) work.log(summary([...states]))
    },
  }
}

/** Behind what is said of a mission that its team has started again. */
function nth(mission: Mission): string {
  const { spec, state } = mission.view()
  return spec.team === null || state.run < 2 ? '' : `, run ${state.run}`
}

function summary(states: readonly AgentState[]): string {
  const count = (test: (state: AgentState) => boolean): number => states.filter(test).length
  const parts = [
    `${count((state) => state.kind === 'ended' && state.ok)} completed`,
    `${count((state) => state.kind === 'ended' && !state.ok)} failed`,
    `${count((state) => state.kind === 'skipped')} skipped`,
  ]
  return `done: ${parts.join(', ')}`
}

/** What the log says so far: `<who> <what>`, and `done`. */
async function linesSaid(pipeline: Mission): Promise<Set<string>> {
  const parts: Uint8Array[] = []
  for await (const part of pipeline.output({ follow: false })) parts.push(part)
  const lines = Buffer.concat(parts).toString('utf8').split('\n')
  return new Set(
    lines.flatMap((line) => {
      if (line.startsWith('done: ')) return ['done']
      const [, who, what] = SAID.exec(line) ?? []
      return who === undefined || what === undefined ? [] : [`${who} ${what}`]
    }),
  )
}
