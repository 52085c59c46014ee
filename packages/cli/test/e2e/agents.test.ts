import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AnswerView, AskView, DaemonStatus, EventView, MissionView, UsageList } from '@overmind/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Lab, openLab } from '../../../claude/test/support/cli.ts'
import { standIn } from '../../../claude/test/support/stand-in-program.ts'
import type { Person } from '../../../core/test/support/person.ts'
import { type Ended, overmind, type Overmind, sitsAt } from './overmind.ts'

const slow = `::text begun\n::slow 100\n::text ${'word '.repeat(20)}\n::text at last`

describe('Claude Code from the command line', () => {
  let o: Overmind
  let lab: Lab
  const claude = (...args: string[]): Promise<Ended> =>
    o.with({ env: { ...lab.env, ...standIn.env, OVERMIND_CLAUDE: standIn.path } }, 'claude', 'run', ...args)

  beforeAll(async () => {
    o = await overmind()
    lab = openLab({ program: standIn, apiUrl: 'http://127.0.0.1:9' })
  })
  afterAll(async () => {
    await o[Symbol.asyncDispose]()
    await lab[Symbol.asyncDispose]()
  })

  async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
    for (;;) {
      const found = await look()
      if (found !== undefined) return found
      await sleep(20)
    }
  }

  test('a task answers, and its exit code says whether it could', async () => {
    const good = await claude('--follow', '--name', 'good', 'say hello')
    expect(good.code).toBe(0)
    expect(good.stdout).toMatch(
      /^\[human\] say hello\nreply 1: say hello\n\[done\] 1 turn, .* s, \$0\.\d{4}\n$/,
    )
    const bad = await claude('--follow', '::error 401')
    expect(bad.code).toBe(1)
    expect(bad.stdout).toContain('[error] the key or login is not accepted')
    const result = await o.json<AnswerView>('result', 'good')
    expect(result).toMatchObject({ ok: true, text: 'reply 1: say hello', turns: 1 })
    expect(result.usage).toMatchObject([{ model: expect.any(String), input_tokens: expect.any(Number) }])
  })

  test('a session is told, answers, asks and is answered', async () => {
    const { stdout } = await claude('--type', 'session', '--name', 'helper')
    expect(stdout).toMatch(/^Started mission [0-9a-f]{8} \(helper\)\n$/)
    expect(await o.ok('send', 'helper', '--wait', 'hello', 'there')).toBe('reply 1: hello there\n')
    const { id } = await o.json<MissionView>('info', 'helper')
    const sent = await o.ok('send', 'helper', '::tool Bash {"command":"touch made"}\n::next\n::text done')
    expect(sent).toBe(`Sent to mission ${id}\n`)
    const [asked] = await until(async () => {
      const { asks } = await o.json<{ readonly asks: readonly AskView[] }>('inbox')
      return asks.length > 0 ? asks : undefined
    })
    expect(asked).toMatchObject({ mission: id, tool: 'Bash', summary: 'Bash: touch made', blocking: 1 })
    expect(await o.ok('inbox')).toMatch(/^ID .* WHAT\n[0-9a-f]{8}  helper .*  Bash  touch made\n$/)
    expect(await o.ok('ps')).toMatch(/helper +session +running \(asks\)/)
    expect(await o.ok('approve', 'helper')).toBe(`Approved for mission ${id}: Bash: touch made\n`)
    await until(async () => ((await o.json<MissionView>('info', 'helper')).messages === 0 ? true : undefined))
    expect(await o.ok('logs', 'helper')).toContain(
      '[tool] Bash: touch made\n[asks] Bash: touch made\n[tool result] (Bash completed with no output)\ndone\n[done] 2 turns',
    )
    expect(await o.ok('logs', 'helper', '--tail', '2')).toMatch(/^done\n\[done\] 2 turns, .*\n$/)
    expect(await o.ok('logs', 'helper', '--raw')).toContain('"type":"result"')
    const { missions } = await o.json<UsageList>('top', '--once')
    expect(missions.find((mission) => mission.id === id)).toMatchObject({ turns: 3, asks: 0 })
    expect(await o('deny', 'helper')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('(ask_not_found)'),
    })
    await o.ok('stop', 'helper')
    expect(await o('send', 'helper', 'hello')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('(not_running)'),
    })
  })

  test('a message outlives the daemon that was told it, and its answer the daemon that heard it', async () => {
    await claude('--type', 'session', '--name', 'lasting')
    expect(await o.ok('send', 'lasting', '--wait', 'hello')).toBe('reply 1: hello\n')
    const { message } = await o.json<{ readonly message: string }>('send', 'lasting', slow)
    for (const text of ['begun', 'word word']) {
      await until(async () => ((await o.ok('logs', 'lasting', '--raw')).includes(text) ? true : undefined))
      const { pid } = await o.json<DaemonStatus>('status')
      process.kill(pid, 'SIGKILL')
      await until(async () => ((await o('status')).code === 1 ? true : undefined))
      await o.ok('start')
    }
    await until(async () =>
      (await o.json<MissionView>('info', 'lasting')).messages === 0 ? true : undefined,
    )
    const events = (await o.ok('events', 'lasting', '--json'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as EventView)
    const about = events.filter((event) => event['message'] === message).map(({ type }) => type)
    expect(about).toEqual(['message.queued', 'message.handed', 'message.taken', 'message.answered'])
    expect(events.filter(({ type }) => type === 'turn.ended')).toHaveLength(2)
    expect(await o.json<AnswerView>('result', 'lasting')).toMatchObject({ ok: true, run: 1 })
    await o.ok('kill', 'lasting')
  })

  test('subscribe gives what it says and how it ended', async () => {
    await claude('--type', 'session', '--name', 'heard')
    const heard = o('subscribe', 'heard', '--all')
    await o.ok('send', 'heard', '--wait', 'hello')
    await o.ok('stop', 'heard')
    const lines = (await heard).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string })
    expect(lines.map(({ type }) => type)).toEqual(expect.arrayContaining(['system', 'assistant', 'result']))
    expect(lines.at(-1)).toEqual({ type: 'exit', status: 'stopped', exit_code: 0 })
  })

  test('subscribe to several says of each line whose it is', async () => {
    await o.ok('run', '--name', 'first', 'echo one')
    await o.ok('run', '--name', 'second', 'echo two; exit 3')
    const lines = (await o.ok('subscribe', '--all', 'first', 'second')).trim().split('\n')
    const of = (name: string): unknown[] =>
      lines.map((line) => JSON.parse(line)).flatMap(({ mission, said }) => (mission === name ? [said] : []))
    expect(of('first')).toEqual([
      { type: 'plain', text: 'one' },
      { type: 'exit', status: 'stopped', exit_code: 0 },
    ])
    expect(of('second')).toEqual([
      { type: 'plain', text: 'two' },
      { type: 'exit', status: 'crashed', exit_code: 3 },
    ])
    expect(lines).toHaveLength(4)
    expect(await o('subscribe', 'first', 'nobody')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('(not_found)'),
    })
  })

  test.each([
    ['detaches', (ann: Person) => ann.type('\x1c')],
    ['closes the window', (ann: Person) => ann.closeWindow()],
    ['is ended', (ann: Person) => ann.kill('SIGTERM')],
  ])('an agent goes on without its terminal when whoever sat at it %s', async (_, leave) => {
    // The stand-in has no terminal of its own.
    const path = join(o.folder, 'claude-with-terminal')
    const lines = [
      '#!/bin/sh',
      `case " $* " in *' -p '* | *' --version '*) exec '${standIn.path}' "$@" ;; esac`,
      'echo at its terminal; exec cat',
    ]
    await writeFile(path, lines.join('\n'), { mode: 0o700 })
    const env = { ...lab.env, ...standIn.env, OVERMIND_CLAUDE: path }
    const started = await o.with({ env }, 'claude', 'run', '--json', '--type', 'session')
    const { id } = JSON.parse(started.stdout) as MissionView
    await using ann = sitsAt(o, ['attach', id])
    await ann.shows('at its terminal')
    expect(await o.json('describe', id)).toMatchObject({ attached: { control: 1 } })
    leave(ann)
    await ann.ended
    await until(async () => {
      const { terminal, turn } = await o.json<MissionView>('info', id)
      return terminal === null && turn === 'idle' ? true : undefined
    })
    expect(await o.ok('send', id, '--wait', 'hello')).toBe('reply 1: hello\n')
    await o.ok('kill', id)
  })

  test('a CLI that is not there is an error that says how to install it', async () => {
    const { code, stderr } = await o.with(
      { env: { OVERMIND_CLAUDE: '/no/such/claude' } },
      'claude',
      'run',
      'hello',
    )
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /Claude Code was not found: .*npm install -g @anthropic-ai\/claude-code.*\(agent_not_found\)\n$/,
    )
    const path = join(lab.cwd, 'old-claude')
    await symlink(standIn.path, path)
    const old = { OVERMIND_CLAUDE: path, ...standIn.env, STAND_IN_VERSION: '1.0.3' }
    expect((await o.with({ env: old }, 'claude', 'run', 'hello')).stderr).toMatch(
      /is Claude Code 1\.0\.3; .* or newer is needed.*\(agent_too_old\)\n$/,
    )
  })
})
