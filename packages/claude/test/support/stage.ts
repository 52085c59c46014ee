/** Missions of Claude Code under a runtime of their own, with an API of their own. */
import type { Mission, MissionInput } from '@overmind/core'
import { eventually, soon } from '../../../core/test/support/eventually.ts'
import { openSuccession, type Succession } from '../../../core/test/support/succession.ts'
import { claudeProvider } from '../../src/index.ts'
import { type Lab, openLab, type Program } from './cli.ts'
import { type FakeAnthropic, startFakeAnthropic } from './fake-anthropic.ts'

export interface Stage extends Pick<Succession, 'faults' | 'runtime' | 'takeOver'>, AsyncDisposable {
  readonly lab: Lab
  readonly api: FakeAnthropic
  start(input: MissionInput): Promise<Mission>
  session(input?: MissionInput): Promise<Mission>
}

export async function openStage(program: Program): Promise<Stage> {
  const api = await startFakeAnthropic()
  const lab = openLab({ program, apiUrl: api.url })
  const succession = await openSuccession({ providers: [claudeProvider()] })
  const { faults, runtime, takeOver } = succession
  const env = { ...lab.env, ...program.env, OVERMIND_CLAUDE: program.path }
  const start = (input: MissionInput): Promise<Mission> =>
    runtime().start({
      provider: 'claude',
      model: 'claude-opus-5-5',
      cwd: lab.cwd,
      ...input,
      env: { ...env, ...input.env },
    })
  return {
    lab,
    api,
    faults,
    runtime,
    takeOver,
    start,
    session: (input) => start({ type: 'session', ...input }),
    async [Symbol.asyncDispose]() {
      await succession[Symbol.asyncDispose]()
      await lab[Symbol.asyncDispose]()
      await api[Symbol.asyncDispose]()
    },
  }
}

/** What the agent answers to a text. */
export async function ask(session: Mission, text: string): Promise<string> {
  return (await soon(session.answer(session.send(text)), `the answer to ${text.slice(0, 40)}`, 60_000)).text
}

/** Settles when the journal has an event of this type, `count` times. */
export async function happened(mission: Mission, type: string, count = 1): Promise<void> {
  await eventually(
    () => mission.history({ limit: 10_000 }).filter((event) => event.type === type).length >= count,
    { within: 60_000, what: `${type} of ${mission.id}` },
  )
}

/** What it has written to stdout so far. */
export async function outputOf(mission: Mission, run: number): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of mission.output({ run, follow: false })) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}

/** The log as people see it. */
export async function shown(mission: Mission): Promise<readonly string[]> {
  const { talk } = mission
  const lines: string[] = []
  for (let run = 1; run <= mission.view().state.run; run += 1) {
    for (const line of (await outputOf(mission, run)).split('\n')) {
      const told = line === '' || talk === null ? [] : talk.show(line)
      lines.push(...(Array.isArray(told) ? told : []))
    }
  }
  return lines
}
