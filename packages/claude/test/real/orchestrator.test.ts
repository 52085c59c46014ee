/** Claude Code with the tools of the built `overmind mcp`, which runs missions of its own with them. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import {
  createClient,
  type MissionView,
  type OvermindClient,
  type StartRequest,
} from '../../../client/src/index.ts'
import { eventually } from '../../../core/test/support/eventually.ts'
import { temporaryHome } from '../../../core/test/support/home.ts'
import { endGroup } from '../../../core/test/support/processes.ts'
import { startDaemon } from '../../../daemon/test/support/daemon.ts'
import { type Lab, openLab } from '../support/cli.ts'
import { startFakeAnthropic } from '../support/fake-anthropic.ts'
import { realClaude } from '../support/real-claude.ts'

const overmind = fileURLToPath(new URL('../../../cli/bin/overmind.cjs', import.meta.url))

interface Host extends AsyncDisposable {
  readonly lab: Lab
  readonly client: OvermindClient
  start(script: readonly string[], more: StartRequest): Promise<MissionView>
  /** Runs a task to its end. */
  task(script: readonly string[], options: Readonly<Record<string, unknown>>): Promise<MissionView>
  /** What the tools have answered to the model, in order. */
  results(): readonly string[]
}

async function openHost(): Promise<Host> {
  const api = await startFakeAnthropic()
  const program = realClaude()
  const lab = openLab({ program, apiUrl: api.url })
  const home = await temporaryHome()
  const daemon = await startDaemon(home.path)
  const client = createClient({ home: home.path })
  const start = (script: readonly string[], more: StartRequest): Promise<MissionView> =>
    client.start({
      provider: 'claude',
      model: 'claude-opus-5-5',
      command: script.join('\n::next\n'),
      cwd: lab.cwd,
      env: { ...lab.env, OVERMIND_CLAUDE: program.path, OVERMIND_CLI: overmind },
      ...more,
    })
  return {
    lab,
    client,
    start,
    task: async (script, options) => {
      const { id } = await start(script, { options })
      return client.wait(id, { timeoutMs: 90_000 })
    },
    results: () => {
      const asked = api.requests.flatMap(({ body }) => body?.messages ?? [])
      // Each request holds the whole conversation.
      const byCall = new Map(
        asked.flatMap(({ content }) =>
          typeof content === 'string'
            ? []
            : content.flatMap((block) =>
                block.type === 'tool_result'
                  ? [[block.tool_use_id, JSON.stringify(block.content)] as const]
                  : [],
              ),
        ),
      )
      return [...byCall.values()]
    },
    async [Symbol.asyncDispose]() {
      await daemon.shutdown(false)
      await home[Symbol.asyncDispose]()
      await lab[Symbol.asyncDispose]()
      await api[Symbol.asyncDispose]()
    },
  }
}

const tool = (name: string, given: object): string => `::tool mcp__overmind__${name} ${JSON.stringify(given)}`

test('starts a mission, waits for it and reads what it wrote, without asking', async () => {
  await using host = await openHost()
  const lead = await host.task(
    [
      tool('start_mission', { command: 'echo "from the child"', name: 'child' }),
      tool('wait_for_missions', { missions: ['child'], timeout_seconds: 30 }),
      tool('get_result', { mission: 'child' }),
      '::text all done',
    ],
    { orchestrator: true },
  )
  expect(lead).toMatchObject({ exit_code: 0, asks: 0 })
  expect(await host.client.result(lead.id)).toMatchObject({ ok: true, text: 'all done' })
  const { missions } = await host.client.list({ all: true })
  expect(missions.map(({ name, parent, cwd }) => ({ name, parent, cwd }))).toEqual([
    { name: lead.name, parent: null, cwd: host.lab.cwd },
    { name: 'child', parent: lead.id, cwd: host.lab.cwd },
  ])
  const [started, waited, result] = host.results()
  expect(started).toContain(missions[1]?.id)
  expect(waited).toContain(String.raw`\"done\":true`)
  expect(result).toContain('from the child')
})

test('keeps the servers that it has been given, as an object, as text and as a file', async () => {
  await using host = await openHost()
  const mcpServers = { other: { type: 'stdio', command: overmind, args: ['mcp', '--all'] } }
  const file = join(host.lab.cwd, 'servers.json')
  writeFileSync(file, JSON.stringify({ mcpServers }))
  for (const mcp_config of [{ mcpServers }, JSON.stringify({ mcpServers }), file]) {
    const lead = await host.task(
      [tool('list_missions', {}), '::tool mcp__other__list_missions {}', '::text both'],
      { orchestrator: true, mcp_config, strict_mcp_config: true, allowed_tools: ['mcp__other'] },
    )
    expect(await host.client.result(lead.id)).toMatchObject({ ok: true, text: 'both' })
    const [own, others] = host.results().slice(-2)
    expect(own).toContain(String.raw`\"missions\":[]`)
    expect(others).toContain(lead.id)
  }
})

test('an agent that is killed while it waits has its tools and its missions again', async () => {
  await using host = await openHost()
  const { client } = host
  const options = { orchestrator: true }
  const lead = await host.start([], { type: 'session', options, restart: 'on-failure', backoff_ms: 1 })
  const tell = async (...script: readonly string[]): Promise<string> =>
    (await client.send(lead.id, script.join('\n::next\n'))).message
  const command = 'until [ -e go ]; do sleep 0.05; done; echo went'
  const first = await tell(tool('start_mission', { command, name: 'child' }), '::text begun')
  expect(await client.answer(lead.id, first, { timeoutMs: 60_000 })).toMatchObject({ text: 'begun' })
  const second = await tell(
    tool('wait_for_missions', { missions: ['child'], timeout_seconds: 60 }),
    tool('get_result', { mission: 'child' }),
    '::text all done',
  )
  await eventually(async () => (await saidBy(host, lead.id)).includes('wait_for_missions'), {
    within: 60_000,
  })
  endGroup((await client.get(lead.id)).os_pid)
  await eventually(async () => (await client.get(lead.id)).run === 2, { within: 60_000 })
  writeFileSync(join(host.lab.cwd, 'go'), '')
  expect(await client.answer(lead.id, second, { timeoutMs: 90_000 })).toMatchObject({
    ok: true,
    text: 'all done',
  })
  expect(host.results().at(-1)).toContain('went')
  const { missions } = await client.list({ all: true })
  expect(missions.map(({ name, run }) => [name, run])).toEqual([
    [lead.name, 2],
    ['child', 1],
  ])
})

async function saidBy({ client }: Host, id: string): Promise<string> {
  return Buffer.concat(await Array.fromAsync(client.logs(id))).toString('utf8')
}
