/** What becomes of a turn when the daemon, a process of its own, is killed in the middle of it. */
import { createClient, type EventView, type OvermindClient } from '../../../client/src/index.ts'
import { describe, expect, test } from 'vitest'
import { eventually } from '../../../core/test/support/eventually.ts'
import { temporaryHome } from '../../../core/test/support/home.ts'
import { endGroup, missionProcesses } from '../../../core/test/support/processes.ts'
import { type Daemon, startDaemon } from '../../../daemon/test/support/daemon.ts'
import { type Lab, openLab, type Program } from '../support/cli.ts'
import { startFakeAnthropic } from '../support/fake-anthropic.ts'
import { KILL_POINTS, type KillPoint, TURN } from './kill-points.ts'

const WITHIN = 60_000

interface Host extends AsyncDisposable {
  readonly lab: Lab
  readonly client: OvermindClient
  /** SIGKILL; then another daemon takes over. */
  killDaemon(meanwhile?: () => void): Promise<void>
  /** A session that may use its shell; its id. */
  session(): Promise<string>
}

async function openHost(program: Program): Promise<Host> {
  const api = await startFakeAnthropic()
  const lab = openLab({ program, apiUrl: api.url })
  const home = await temporaryHome()
  let daemon: Daemon = await startDaemon(home.path)
  const client = createClient({ home: home.path })
  return {
    lab,
    client,
    async killDaemon(meanwhile) {
      await daemon.kill()
      meanwhile?.()
      daemon = await startDaemon(home.path)
    },
    async session() {
      const { id } = await client.start({
        provider: 'claude',
        type: 'session',
        model: 'claude-opus-5-5',
        cwd: lab.cwd,
        env: { ...lab.env, ...program.env, OVERMIND_CLAUDE: program.path },
        options: { allowed_tools: ['Bash'] },
        restart: 'on-failure',
        backoff_ms: 1,
        max_restarts: 0,
      })
      return id
    },
    async [Symbol.asyncDispose]() {
      await daemon.shutdown(false)
      await home[Symbol.asyncDispose]()
      await lab[Symbol.asyncDispose]()
      await api[Symbol.asyncDispose]()
    },
  }
}

async function eventsOf(client: OvermindClient, mission: string): Promise<readonly EventView[]> {
  const events = await Array.fromAsync(client.events({ since: 0, mission }))
  return events.flatMap((event) => ('seq' in event ? [event] : []))
}

async function reached({ client }: Host, id: string, point: KillPoint): Promise<void> {
  const look = async (): Promise<boolean> => {
    if ('event' in point) return (await eventsOf(client, id)).some(({ type }) => type === point.event)
    const { run } = await client.get(id)
    if (run === 0) return false
    return Buffer.concat(await Array.fromAsync(client.output(id, { run: 1 }))).includes(point.written)
  }
  await eventually(look, { within: WITHIN, what: JSON.stringify(point) })
}

/** The message has one good answer, the conversation goes on, and the bill is the sum of its turns. */
async function mustBeWhole({ client, lab }: Host, id: string, message: string): Promise<void> {
  await client.answer(id, message, { timeoutMs: WITHIN })
  const later = await client.send(id, 'and now?')
  const next = await client.answer(id, later.message, { timeoutMs: WITHIN })
  expect(next).toMatchObject({ ok: true, text: expect.stringMatching(/and now\?$/) })
  const events = await eventsOf(client, id)
  const answers = events.filter((event) => event.type === 'message.answered' && event['message'] === message)
  expect(answers).toMatchObject([{ ok: true }])
  const cost = events.reduce(
    (sum, event) => sum + (event.type === 'turn.ended' ? Number(event['cost']) : 0),
    0,
  )
  const { cost_usd, session_id } = await client.get(id)
  expect(cost_usd).toBeCloseTo(cost, 9)
  const told = lab.transcript(session_id ?? '').filter(({ uuid }) => uuid === message)
  expect(told.length).toBeLessThanOrEqual(1)
  expect(await client.stop(id)).toMatchObject({ exit_class: 'stopped' })
  expect(missionProcesses(id)).toEqual([])
}

export function daemonSuite(program: () => Program): void {
  describe.concurrent('SIGKILL at any point of a turn', () => {
    test.each(KILL_POINTS)('of the daemon: %s', async (_, point) => {
      await using host = await openHost(program())
      const id = await host.session()
      const { message } = await host.client.send(id, TURN)
      await reached(host, id, point)
      await host.killDaemon()
      await mustBeWhole(host, id, message)
      expect(await host.client.get(id)).toMatchObject({ run: 1 })
    })

    test.each(KILL_POINTS)('of the daemon, and of the agent while there is none: %s', async (_, point) => {
      await using host = await openHost(program())
      const id = await host.session()
      const { message } = await host.client.send(id, TURN)
      await reached(host, id, point)
      const { os_pid: agent } = await host.client.get(id)
      await host.killDaemon(() => endGroup(agent))
      await mustBeWhole(host, id, message)
      expect(await host.client.get(id)).toMatchObject({ run: 2 })
    })
  })
}
