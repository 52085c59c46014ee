/** Claude Code with the tools of the built `overmind mcp`, which runs missions of its own with them. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { createClient, type MissionView, type OvermindClient } from '../../../client/src/index.ts'
import { temporaryHome } from '../../../core/test/support/home.ts'
import { startDaemon } from '../../../daemon/test/support/daemon.ts'
import { type Lab, openLab } from '../support/cli.ts'
import { startFakeAnthropic } from '../support/fake-anthropic.ts'
import { realClaude } from '../support/real-claude.ts'

const overmind = fileURLToPath(new URL('../../../cli/bin/overmind.cjs', import.meta.url))

interface Host extends AsyncDisposable {
  readonly lab: Lab
  readonly client: OvermindClient
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
  return {
    lab,
    client,
    task: async (script, options) => {
      const { id } = await client.start({
        provider: 'claude',
        model: 'claude-opus-5-5',
        command: script.join('\n::next\n'),
        cwd: lab.cwd,
        env: { ...lab.env, OVERMIND_CLAUDE: program.path, OVERMIND_CLI: overmind },
        options,
      })
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
