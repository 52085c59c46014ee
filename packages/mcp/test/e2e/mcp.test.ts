/** The built `overmind mcp` over stdio, spoken to by the official client, under a daemon of its own. */
import { fileURLToPath } from 'node:url'
import type { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { createClient, type OvermindClient } from '@overmind/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Overmind, overmind } from '../../../cli/test/e2e/overmind.ts'
import { eventually } from '../../../core/test/support/eventually.ts'
import { type Agent, connectAgent, overStdio } from '../support/agent.ts'

const launcher = fileURLToPath(new URL('../../../cli/bin/overmind.cjs', import.meta.url))

describe('overmind mcp', () => {
  let o: Overmind
  let daemon: OvermindClient

  beforeAll(async () => {
    o = await overmind()
    await o.ok('start')
    daemon = createClient({ home: o.home })
  })
  afterAll(() => o[Symbol.asyncDispose]())

  /** As the program of an agent starts it: in the environment of the agent's mission. */
  const mcp = (self: string | null, ...flags: readonly string[]): Promise<Agent> =>
    connectAgent(program(self, flags))

  function program(self: string | null, flags: readonly string[]): StdioClientTransport {
    return overStdio([launcher, 'mcp', ...flags], {
      cwd: o.folder,
      env: {
        OVERMIND_HOME: o.home,
        SECRET: 'do not show this',
        ...(self === null ? {} : { OVERMIND_MISSION_ID: self }),
      },
    })
  }

  const lead = (name: string): Promise<string> => o.start('--name', name, '--exec', 'sleep', '600')

  test('starts commands that belong to its mission, waits for any and for all, and reads what they wrote', async () => {
    const self = await lead('lead')
    await using agent = await mcp(self)
    const quick = await agent.start({ command: 'echo one; echo two; exit 3', name: 'quick' })
    const slow = await agent.start({ command: 'echo "$SECRET" | wc -c; pwd; exec sleep 600', name: 'slow' })
    const any = await agent.ok('wait_for_missions', { missions: ['quick', 'slow'], until: 'any' })
    expect(any).toMatchObject({
      done: true,
      over: [{ id: quick, status: 'crashed', exit_code: 3, parent: self }],
      running: [{ id: slow, over: false }],
    })
    const late = await agent.ok('wait_for_missions', { missions: [quick, slow], timeout_seconds: 0.3 })
    expect(late).toMatchObject({ done: false, over: [{ id: quick }], running: [{ id: slow }] })
    expect(await agent.ok('read_output', { mission: 'quick', lines: 1 })).toMatchObject({
      mission: quick,
      text: 'two\n',
      truncated: true,
    })
    expect((await agent.ok('get_result', { mission: 'quick' })).output).toBe('one\ntwo\n')
    // It has the environment and the folder of the agent.
    await eventually(async () =>
      (await agent.ok('read_output', { mission: slow })).text.endsWith(`17\n${o.folder}\n`),
    )
    expect(await agent.ok('stop_mission', { mission: 'slow' })).toMatchObject({
      mission: { id: slow, over: true, exit_class: 'stopped' },
    })
    expect(await agent.ok('stop_mission', { mission: slow })).toMatchObject({ mission: { over: true } })
    const all = await agent.ok('wait_for_missions', { missions: [quick, slow] })
    expect(all).toMatchObject({ done: true, running: [], over: [{ id: quick }, { id: slow }] })
    const { missions } = await agent.ok('list_missions')
    expect(missions.map(({ id }) => id)).toEqual([quick, slow])
    expect(JSON.stringify(missions)).not.toContain('do not show this')
    expect((await agent.ok('get_mission', { mission: quick })).why.join(' ')).toMatch(/exit code 3/)
  })

  test.each(['legacy', 'auto'] as const)('speaks the protocol as it was and as it is: %s', async (mode) => {
    await using agent = await connectAgent(program(await lead(mode), []), mode)
    const version = mode === 'auto' ? '2026-07-28' : '2025-11-25'
    expect(agent.client.getNegotiatedProtocolVersion()).toBe(version)
    const { tools } = await agent.client.listTools()
    expect(tools).toHaveLength(8)
    const child = await agent.start({ command: 'echo hello' })
    expect(await agent.ok('wait_for_missions', { missions: [child] })).toMatchObject({ done: true })
    expect(await agent.refused('get_result', { mission: 'x' })).toMatch(/^not_found: /)
  })

  test('knows nothing of missions of others', async () => {
    const self = await lead('keeper')
    const stranger = await o.start('--name', 'stranger', '--exec', 'sleep', '600')
    await using agent = await mcp(self)
    for (const mission of [stranger, 'stranger', stranger.slice(0, 4), self, 'keeper', 'no-such']) {
      for (const tool of ['get_mission', 'get_result', 'read_output', 'stop_mission']) {
        expect(await agent.refused(tool, { mission })).toMatch(/^not_found: no mission of yours/)
      }
      expect(await agent.refused('send_message', { mission, text: 'hello' })).toMatch(/^not_found/)
      expect(await agent.refused('wait_for_missions', { missions: [mission] })).toMatch(/^not_found/)
    }
    expect(await agent.ok('list_missions')).toEqual({ missions: [], left_out: 0 })
    expect(await daemon.get(stranger)).toMatchObject({ status: 'running' })
    await using all = await mcp(self, '--all')
    expect(await all.ok('stop_mission', { mission: 'stranger', kill: true })).toMatchObject({
      mission: { id: stranger, status: 'killed' },
    })
  })

  test('keeps to its limits, also when two take the last place at once', async () => {
    const self = await lead('limited')
    await using agent = await mcp(self, '--max-children', '2', '--max-depth', '1')
    const command = ['sleep', '600']
    const asked = await Promise.allSettled([1, 2, 3, 4, 5].map(() => agent.start({ command })))
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
    expect(await agent.refused('start_mission', { command })).toMatch(/^max_children: 2 missions of yours/)
    const { missions } = await agent.ok('list_missions', { alive: true })
    expect(missions).toHaveLength(2)
    await agent.ok('stop_mission', { mission: missions[0]?.id, kill: true, cascade: true })
    const child = await agent.start({ command })

    await using deeper = await mcp(child, '--max-depth', '1')
    expect(await deeper.refused('start_mission', { command })).toMatch(/^max_depth: .* would be 2 deep/)
    await using allowed = await mcp(child)
    const grandchild = await allowed.start({ command })
    expect((await agent.ok('get_mission', { mission: grandchild })).mission.parent).toBe(child)
    expect(await agent.refused('start_mission', { command })).toMatch(/^max_children: 3 missions/)
  })

  test('goes on when its daemon is killed, in the middle of a wait', async () => {
    const self = await lead('lasting')
    await using agent = await mcp(self)
    const worker = await agent.start({ command: 'until [ -e go ]; do sleep 0.05; done; echo went' })
    const waiting = agent.ok('wait_for_missions', { missions: [worker], timeout_seconds: 60 })
    const { pid } = await daemon.status()
    process.kill(pid, 'SIGKILL')
    await eventually(async () => (await o('status')).code === 1)
    const early = agent.ok('list_missions')
    await o.with({}, 'start')
    expect((await early).missions.map(({ id }) => id)).toEqual([worker])
    await o.with({}, 'run', '--follow', 'touch go')
    expect(await waiting).toMatchObject({ done: true, over: [{ id: worker, exit_code: 0 }] })
    expect((await agent.ok('get_result', { mission: worker })).output).toBe('went\n')
  })

  test('says what is wrong before it serves: no mission, no such mission, a bad flag', async () => {
    expect(await o('mcp')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/OVERMIND_MISSION_ID.*--as <id>, or --all \(no_mission\)\n$/),
    })
    expect(await o('mcp', '--as', 'nobody')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('(not_found)'),
    })
    expect(await o('mcp', '--max-children', '0', '--all')).toMatchObject({ code: 2, stdout: '' })
    // Its stdin is empty: it has nothing to do and ends.
    expect(await o('mcp', '--all')).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  test('acts for the mission that --as names, and for nobody with --all', async () => {
    const self = await lead('named')
    await using agent = await mcp(null, '--as', 'named')
    const child = await agent.start({ command: ['sleep', '600'] })
    expect((await daemon.get(child)).parent).toBe(self)
    await using person = await mcp(null, '--all', '--max-children', '1')
    const free = await person.start({ command: ['sleep', '600'] })
    expect((await daemon.get(free)).parent).toBeNull()
    expect(await person.refused('start_mission', { command: 'true' })).toMatch(/^max_children/)
    expect((await person.ok('get_mission', { mission: 'named' })).mission.id).toBe(self)
    await daemon.kill(self)
    expect(await agent.refused('start_mission', { command: 'true' })).toMatch(
      /^not_running: your own mission .* has ended/,
    )
  })
})
