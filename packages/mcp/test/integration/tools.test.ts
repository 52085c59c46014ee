/** The tools from source, in this process, under a daemon of their own. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { InMemoryTransport } from '@modelcontextprotocol/client'
import { ConnectionFailed, createClient, type OvermindClient, type StartRequest } from '@overmind/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Lab, openLab } from '../../../claude/test/support/cli.ts'
import { standIn } from '../../../claude/test/support/stand-in-program.ts'
import { eventually } from '../../../core/test/support/eventually.ts'
import { type TemporaryHome, temporaryHome } from '../../../core/test/support/home.ts'
import { type Daemon, startDaemon } from '../../../daemon/test/support/daemon.ts'
import { createMcpServer, type McpServerOptions } from '../../src/index.ts'
import { type Agent, connectAgent } from '../support/agent.ts'

describe('the tools', () => {
  let home: TemporaryHome
  let daemon: Daemon
  let client: OvermindClient
  let lab: Lab

  beforeAll(async () => {
    home = await temporaryHome()
    daemon = await startDaemon(home.path)
    client = createClient({ home: home.path })
    lab = openLab({ program: standIn, apiUrl: 'http://127.0.0.1:9' })
  })
  afterAll(async () => {
    await daemon.shutdown(false)
    await home[Symbol.asyncDispose]()
    await lab[Symbol.asyncDispose]()
  })

  async function agentOf(
    options: Partial<McpServerOptions> = {},
  ): Promise<Agent & { readonly self: string }> {
    const env = { ...lab.env, ...standIn.env, OVERMIND_CLAUDE: standIn.path }
    const self = (await client.start({ command: ['sleep', '600'], cwd: '/tmp', env })).id
    const [ours, theirs] = InMemoryTransport.createLinkedPair()
    const server = createMcpServer({ client, self, cwd: lab.cwd, env, ...options })
    await server.connect(theirs)
    const agent = await connectAgent(ours)
    // From here on the client holds what it gets against the schemas.
    await agent.client.listTools()
    return Object.assign(agent, { self })
  }

  /** An agent that belongs to nobody. */
  const stranger = (): StartRequest => ({
    type: 'session',
    provider: 'claude',
    cwd: lab.cwd,
    env: { ...lab.env, ...standIn.env, OVERMIND_CLAUDE: standIn.path },
  })

  async function ended(agent: Agent, given: Readonly<Record<string, unknown>>): Promise<string> {
    const id = await agent.start(given)
    expect(await agent.ok('wait_for_missions', { missions: [id] })).toMatchObject({ done: true })
    return id
  }

  test('are told to the agent with schemas and hints; questions are answered only by who may', async () => {
    await using agent = await agentOf()
    const { tools } = await agent.client.listTools()
    expect(
      tools.map(({ name, annotations }) => [name, annotations?.readOnlyHint, annotations?.destructiveHint]),
    ).toEqual([
      ['start_mission', false, true],
      ['list_missions', true, false],
      ['get_mission', true, false],
      ['wait_for_missions', true, false],
      ['send_message', false, false],
      ['get_result', true, false],
      ['read_output', true, false],
      ['stop_mission', false, true],
    ])
    for (const tool of tools) {
      expect(tool.description?.length).toBeGreaterThan(80)
      expect(tool.inputSchema).toMatchObject({ type: 'object', additionalProperties: false })
      expect(tool.outputSchema).toMatchObject({ type: 'object' })
    }
    expect(await agentOf({ mayApprove: true }).then(({ client: other }) => other.listTools())).toMatchObject({
      tools: { length: 9 },
    })
  })

  test('refuse a parent, an environment and whatever else they do not have', async () => {
    await using agent = await agentOf()
    for (const more of [
      { parent: 'x' },
      { env: {} },
      { Cwd: '/' },
      { max_cost_usd: -1 },
      { type: 'daemon' },
    ]) {
      expect(await agent.refused('start_mission', { command: 'true', ...more })).toMatch(
        /^Input validation error/,
      )
    }
    expect(await agent.refused('wait_for_missions', { missions: ['x'], timeout_seconds: 301 })).toContain(
      '300',
    )
    expect((await agent.ok('list_missions')).missions).toEqual([])
  })

  test('know, of nobody in particular, what they have started', async () => {
    const stranger = await client.start({ command: ['sleep', '600'], cwd: '/tmp' })
    await using agent = await agentOf({ self: null })
    expect((await agent.ok('list_missions')).missions).toEqual([])
    expect(await agent.refused('stop_mission', { mission: stranger.id })).toMatch(/^not_found: /)
    const own = await agent.start({ command: ['sleep', '600'] })
    const theirs = await client.start({ command: ['sleep', '600'], cwd: '/tmp', parent: own })
    expect((await agent.ok('list_missions')).missions.map(({ id }) => id)).toEqual([own, theirs.id])
  })

  test("tell the daemon's own codes, and whose name it is to nobody", async () => {
    await using agent = await agentOf()
    const stranger = await client.start({ command: ['sleep', '600'], cwd: '/tmp', name: 'taken' })
    expect(await agent.refused('start_mission', { command: 'true', cwd: 'no/such' })).toMatch(
      /^cwd_not_found: /,
    )
    expect(await agent.refused('start_mission', { command: ' ' })).toMatch(/^empty_command: /)
    expect(await agent.refused('start_mission', { command: 'a\0b' })).toMatch(/^[a-z_]+: /)
    expect(await agent.refused('start_mission', { command: 'x', provider: 'nobody' })).toMatch(
      /^unknown_provider: /,
    )
    const taken = await agent.refused('start_mission', { command: 'true', name: 'taken' })
    expect(taken).toMatch(/^name_taken: /)
    expect(taken).not.toContain(stranger.id)
    const child = await agent.start({ command: ['sleep', '600'] })
    expect(await agent.refused('send_message', { mission: child, text: 'hello' })).toMatch(/^not_session: /)
    expect(await agent.refused('stop_mission', { mission: child, cascade: true })).toMatch(
      /^invalid_request: /,
    )
    // Its own name is as unknown as a stranger's.
    expect(await agent.refused('stop_mission', { mission: agent.self })).toMatch(/^not_found: /)
  })

  test('ask a mission to end once, however often that is asked for', async () => {
    const slow = `trap 'echo asked; sleep 0.5; exit 7' TERM; echo ready; while :; do sleep 0.1; done`
    // The first answer is lost, as when the daemon dies after it has been asked.
    let lost = 0
    const stop: OvermindClient['stop'] = async (ref, options) => {
      void client.stop(ref, options).catch(() => undefined)
      await eventually(async () => (await client.get(ref)).ending === 'stop')
      lost += 1
      throw new ConnectionFailed('the daemon went away')
    }
    await using agent = await agentOf({ client: { ...client, stop } })
    const id = await agent.start({ command: slow })
    await eventually(async () => (await agent.ok('read_output', { mission: id })).text.includes('ready'))
    const ended = await Promise.all([
      agent.ok('stop_mission', { mission: id }),
      eventually(async () => (await client.get(id)).ending === 'stop').then(() =>
        agent.ok('stop_mission', { mission: id }),
      ),
    ])
    for (const { mission } of ended)
      expect(mission).toMatchObject({ over: true, status: 'stopped', exit_code: 7 })
    expect(lost).toBe(1)
    expect((await client.get(id)).ending).toBeNull()
  })

  test('show an output of any size and of any bytes as at most 64 KB of text', async () => {
    const asked: (number | undefined)[] = []
    const output: OvermindClient['output'] = (id, query) => {
      asked.push(query?.from)
      return client.output(id, query)
    }
    await using agent = await agentOf({ client: { ...client, output } })
    const big = await ended(agent, {
      command: `head -c 100000000 /dev/zero | tr '\\0' x; printf '\\nthe end\\n'`,
      timeout_seconds: 60,
    })
    const read = await agent.ok('read_output', { mission: big, lines: 5000 })
    expect(asked).toEqual([100_000_009 - 65_536])
    expect(read.truncated).toBe(true)
    expect(Buffer.byteLength(read.text)).toBe(65_536)
    expect(read.text.endsWith('x\nthe end\n')).toBe(true)
    expect((await agent.ok('read_output', { mission: big, lines: 1 })).text).toBe('the end\n')

    const noise = await ended(agent, { command: 'head -c 1000000 /dev/urandom' })
    const shown = await agent.ok('read_output', { mission: noise, lines: 5000 })
    expect(Buffer.byteLength(shown.text)).toBeLessThanOrEqual(65_536)
    expect(shown.text).not.toMatch(/[\p{Cc}--[\t\n]]/v)
    expect(shown.text.isWellFormed()).toBe(true)

    const tricks = await ended(agent, {
      command: String.raw`printf '\033[31mred\033[0m\303\050\033]0;x\007\342\200\256end'`,
    })
    expect((await agent.ok('get_result', { mission: tricks })).output).toBe(String.raw`red�(\u{202e}end`)
    expect(await agent.ok('read_output', { mission: await ended(agent, { command: 'true' }) })).toMatchObject(
      {
        text: '',
        truncated: false,
      },
    )
  })

  test('show what a mission was asked to run without its control characters, cut when it is long', async () => {
    await using agent = await agentOf()
    const id = await ended(agent, { command: `true '\x1b]0;title\x07\x1b[2J\u202e' ${'long '.repeat(1000)}` })
    const { mission } = await agent.ok('get_mission', { mission: id })
    expect(mission.command).toMatch(/^true '\\u\{202e\}' long .*…$/)
    expect(mission.command.length).toBeLessThan(500)
    const odd = join(lab.cwd, 'odd\x1b[2J\x07folder')
    await mkdir(odd)
    const failed = await ended(agent, { command: 'echo "\x1b]0;title\x07why"; false', cwd: odd })
    const told = await agent.ok('get_mission', { mission: failed })
    expect(told.mission.cwd).toBe(join(lab.cwd, String.raw`odd\x07folder`))
    expect(told.evidence).toBe('why\n')
  })

  test('an agent is told of an end that it asked to be told of', async () => {
    const { id } = await client.start({ type: 'session', cwd: '/tmp', env: {} })
    await using agent = await agentOf({ self: id })
    const told = await agent.start({ command: 'exit 3', notify: true })
    const quiet = await agent.start({ command: 'exit 4' })
    // A session that is no agent says what it is told.
    const heard = async (): Promise<string> =>
      Buffer.concat(await Array.fromAsync(client.output(id, { run: 1 }))).toString('utf8')
    await eventually(async () =>
      (await heard()).includes(`(${told}), which belongs to you, has exited: crashed`),
    )
    await agent.ok('wait_for_missions', { missions: [told, quiet] })
    expect(await heard()).not.toContain(quiet)
    await client.kill(id)
  })

  test('an agent that exits leaves what is to stay, and takes with it what is to stop', async () => {
    await using agent = await agentOf()
    const stays = await agent.start({ command: ['sleep', '600'] })
    const stops = await agent.start({ command: ['sleep', '600'], on_parent_exit: 'stop' })
    await client.kill(agent.self)
    expect(await agent.ok('wait_for_missions', { missions: [stays, stops], until: 'any' })).toMatchObject({
      over: [{ id: stops, exit_class: 'stopped' }],
      running: [{ id: stays }],
    })
    expect(await agent.refused('start_mission', { command: 'true' })).toMatch(/^not_running: /)
    await client.remove(agent.self)
    expect(await agent.refused('start_mission', { command: 'true' })).toMatch(/^not_found: your own mission/)
  })

  test('a wait is over when what it waits for is forgotten, and ends when nobody listens any more', async () => {
    await using agent = await agentOf()
    const id = await agent.start({ command: 'until [ -e forget ]; do sleep 0.05; done' })
    const waiting = agent.ok('wait_for_missions', { missions: [id, id] })
    const leaving = new AbortController()
    const left = agent.client.callTool(
      { name: 'wait_for_missions', arguments: { missions: [id] } },
      { signal: leaving.signal },
    )
    await eventually(async () => (await agent.ok('list_missions')).missions.length === 1)
    leaving.abort()
    await expect(left).rejects.toThrow(/abort/)
    await client.kill(id)
    await client.remove(id)
    const { over, forgotten, done } = await waiting
    expect(done).toBe(true)
    expect([...over.map((mission) => mission.id), ...forgotten]).toEqual([id])
  })

  test('a session is told something, and its answer is waited for', async () => {
    await using agent = await agentOf()
    const id = await agent.start({ type: 'session', provider: 'claude', name: 'helper' })
    const { answer, message } = await agent.ok('send_message', {
      mission: 'helper',
      text: 'hello',
      wait: true,
    })
    expect(answer).toMatchObject({ ok: true, text: 'reply 1: hello' })
    expect(message).toMatch(/^[0-9a-f-]{36}$/)
    const late = await agent.ok('send_message', {
      mission: id,
      text: '::wait 700\n::text at last',
      wait: true,
      timeout_seconds: 0.1,
    })
    expect(late.answer).toBeNull()
    await eventually(async () => (await agent.ok('get_result', { mission: id })).answer?.text === 'at last')
    expect((await agent.ok('read_output', { mission: id, lines: 2 })).text).toMatch(/^at last\n\[done\] /)
    expect((await agent.ok('read_output', { mission: id, raw: true, lines: 1 })).text).toMatch(/^\{"type"/)
    await agent.ok('stop_mission', { mission: id })
  })

  test('a question of a descendant is shown, and answered by who may', async () => {
    await using agent = await agentOf({ mayApprove: true })
    const id = await agent.start({ type: 'session', provider: 'claude' })
    const another = await client.start({ ...stranger(), command: '::tool Bash {"command":"touch other"}' })
    await eventually(async () => (await client.get(another.id)).asks === 1)
    const ask = `::tool Bash ${JSON.stringify({ command: 'touch made; printf "\u001b[2J"' })}\n::next\n::text done`
    const { message } = await agent.ok('send_message', { mission: id, text: ask })
    await eventually(async () => (await agent.ok('get_mission', { mission: id })).questions.length === 1)
    const { questions } = await agent.ok('get_mission', { mission: id })
    expect(questions).toMatchObject([{ tool: 'Bash', summary: expect.stringContaining('touch made') }])
    expect(await agent.refused('answer_question', { mission: agent.self, decision: 'allow' })).toMatch(
      /^not_found/,
    )
    expect(
      await agent.refused('answer_question', { mission: id, question: 'zz', decision: 'allow' }),
    ).toMatch(/^ask_not_found/)
    const given = {
      mission: id,
      question: questions[0]?.id.slice(0, 6),
      decision: 'deny',
      reason: 'not today',
    }
    expect(await agent.ok('answer_question', given)).toMatchObject({ decision: 'deny', mission: id })
    expect(await client.answer(id, message, { timeoutMs: 20_000 })).toMatchObject({ ok: true, text: 'done' })
    expect((await agent.ok('read_output', { mission: id })).text).toContain('not today')
    expect(await agent.refused('answer_question', { mission: id, decision: 'deny' })).toMatch(
      /^ask_not_found/,
    )
    await agent.ok('stop_mission', { mission: id, kill: true })
    expect(await client.get(another.id)).toMatchObject({ asks: 1 })
    expect((await agent.ok('list_missions')).missions).toHaveLength(1)
    expect((await agent.ok('list_missions', { alive: true })).missions).toEqual([])
  })

  test('nobody answers a question of their own, whatever they may see', async () => {
    await using agent = await agentOf({ mayApprove: true, reach: 'all' })
    expect(await agent.refused('answer_question', { mission: agent.self, decision: 'allow' })).toMatch(
      /^not_found: nobody answers/,
    )
  })

  test('what a family may spend is bounded by the mission above it', async () => {
    const above = await client.start({ ...stranger(), max_tokens: 2000 })
    await using agent = await agentOf({ self: above.id })
    const id = await agent.start({ type: 'session', provider: 'claude', max_cost_usd: 5 })
    await agent.ok('send_message', { mission: id, text: '::usage {"input_tokens":3000}\n::text dear' })
    expect(await agent.ok('wait_for_missions', { missions: [id] })).toMatchObject({
      over: [{ exit_class: 'budget' }],
    })
  })
})
