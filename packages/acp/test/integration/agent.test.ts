import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Mission, MissionInput, Runtime } from '@overmind/core'
import { describe, expect, test } from 'vitest'
import { eventually, soon } from '../../../core/test/support/eventually.ts'
import { missionProcesses, procFile } from '../../../core/test/support/processes.ts'
import { openSuccession } from '../../../core/test/support/succession.ts'
import { acpProvider } from '../../src/index.ts'

interface Stage extends AsyncDisposable {
  readonly runtime: Runtime
  readonly faults: readonly unknown[]
  /** A session with the agent, which cannot do `flaws`. */
  session(traits?: readonly string[], more?: Partial<MissionInput>): Promise<Mission>
  /** The next runtime over the same home, after the first was left as a crash leaves it. */
  takeOver(): Promise<Runtime>
}

const AGENT = join(import.meta.dirname, '..', 'programs', 'agent.ts')

async function stage(): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'overmind-agent-'))
  const succession = await openSuccession({ providers: [acpProvider()] })
  const { faults, runtime } = succession
  return {
    get runtime() {
      return runtime()
    },
    faults,
    session: (traits = [], more = {}) =>
      runtime().start({
        provider: 'acp',
        type: 'session',
        options: { agent: [process.execPath, AGENT, folder, ...traits] },
        ...more,
      }),
    takeOver: async () => {
      await succession.takeOver()
      return runtime()
    },
    async [Symbol.asyncDispose]() {
      await succession[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const said = async (session: Mission, text: string): Promise<string> =>
  (await soon(session.answer(session.send(text)), `the answer to ${text.slice(0, 20)}`)).text

const asked = (session: Mission): Promise<{ id: string; rule: string | null }> =>
  eventually(() => session.view().state.conversation?.asks.find(({ verdict }) => verdict === null))

const storyOf = (session: Mission): readonly string[] =>
  session
    .history({ limit: 1000 })
    .toReversed()
    .map(({ type }) => type)

describe('a session with an ACP agent', () => {
  test('answers each message, one after the other, in one conversation', async () => {
    await using one = await stage()
    const session = await one.session()
    const sent = ['hello', 'two lines\nof text', 'ü€😀 "quoted"'].map((text) => session.send(text))
    const answers = await Promise.all(sent.map((message) => soon(session.answer(message), 'an answer')))
    expect(answers).toMatchObject([
      { ok: true, text: '1: hello', spent: { turns: 1 } },
      { ok: true, text: '2: two lines\nof text' },
      { ok: true, text: '3: ü€😀 "quoted"' },
    ])
    expect(one.faults).toEqual([])
  })

  test('gives an answer of a megabyte whole', async () => {
    await using one = await stage()
    const session = await one.session()
    const text = 'x'.repeat(300_000)
    expect(await said(session, text)).toBe(`1: ${text}`)
  })

  test.each([
    ['allow', { decision: 'allow', rule: null }, 'yes'],
    ['allow with the rule of the agent', { decision: 'allow', rule: 'Allow all edits' }, 'all'],
    ['allow with a rule of ours, which is allowed once', { decision: 'allow', rule: 'mine' }, 'yes'],
    ['deny', { decision: 'deny', reason: 'not now' }, 'no'],
  ] as const)('asks for permission: %s', async (_, verdict, option) => {
    await using one = await stage()
    const session = await one.session()
    const message = session.send('ask notes.txt')
    const ask = await asked(session)
    expect(ask).toMatchObject({
      tool: 'edit',
      summary: 'notes.txt',
      input: '{"path":"notes.txt"}',
      rule: 'Allow all edits',
    })
    session.decide(ask.id, verdict)
    expect(await soon(session.answer(message), 'the answer')).toMatchObject({
      ok: true,
      text: `May I?\n\nYou said ${option}.`,
    })
    expect(session.view().state.conversation?.asks).toEqual([])
  })

  test('lets go of what it works on when it is interrupted, and takes the next message', async () => {
    await using one = await stage()
    const session = await one.session()
    const message = session.send('wait for ever')
    await eventually(() => session.view().state.conversation?.messages[0]?.state === 'taken')
    session.interrupt()
    expect(await soon(session.answer(message), 'the answer')).toMatchObject({ ok: false })
    expect(await said(session, 'go on')).toBe('2: go on')
  })

  test('lets go of a question too', async () => {
    await using one = await stage()
    const session = await one.session()
    const message = session.send('ask notes.txt')
    const ask = await asked(session)
    session.interrupt()
    expect(() => session.decide(ask.id, { decision: 'allow', rule: null })).toThrow('does not ask')
    expect(storyOf(session).filter((type) => type.startsWith('ask.'))).toEqual([
      'ask.opened',
      'ask.withdrawn',
    ])
    expect(await soon(session.answer(message), 'the answer')).toMatchObject({ ok: false })
    expect(session.view().state.conversation?.asks).toEqual([])
    expect(await said(session, 'go on')).toBe('2: go on')
  })

  test('is told that nobody reads files for it', async () => {
    await using one = await stage()
    expect(await said(await one.session(), 'read /etc/hostname')).toBe('no file: -32601')
  })

  test('says what went wrong in a turn, and lives on', async () => {
    await using one = await stage()
    const session = await one.session()
    const answer = await soon(session.answer(session.send('fail the model is gone')), 'the answer')
    expect(answer).toMatchObject({ ok: false, text: expect.stringContaining('the model is gone') })
    expect(session.view().state.conversation?.trouble).toMatchObject({ kind: 'passing' })
    expect(await said(session, 'again')).toBe('2: again')
  })
})

describe('a task of an ACP agent', () => {
  test('answers its prompt and has completed', async () => {
    await using one = await stage()
    const task = await one.session([], { type: 'task', command: 'hello there' })
    expect(await soon(task.exited(), 'its end')).toMatchObject({ class: 'completed', code: 0 })
    expect(await task.result()).toMatchObject({ ok: true, text: '1: hello there' })
    expect(missionProcesses(task.id)).toEqual([])
  })

  test.each([
    ['that speaks another version', ['newer'], 'speaks version 99'],
    ['that wants a login', ['logged-out'], 'log in with the agent itself first'],
  ])('of an agent %s fails for good, and says why', async (_, traits, reason) => {
    await using one = await stage()
    const task = await one.session(traits, { type: 'task', command: 'hello', restart: 'on-failure' })
    const exit = await soon(task.exited(), 'its end')
    expect(exit).toMatchObject({ class: 'permanent', run: 1 })
    expect(exit.evidence.reason).toContain(reason)
  })
})

/** Ends the agent itself, not its keeper. */
async function killAgent(session: Mission): Promise<void> {
  const { run } = session.view().state
  process.kill(Number(await said(session, 'pid')), 'SIGKILL')
  await eventually(() => session.view().state.run > run || session.view().state.exit !== null)
}

describe('an agent that is killed', () => {
  test.each(['loads', 'loads-late', 'resumes'])('goes on with its conversation when it %s', async (trait) => {
    await using one = await stage()
    const session = await one.session([trait], { restart: 'on-failure', backoffMs: 10 })
    expect(await said(session, 'first')).toBe('1: first')
    const conversation = session.view().state.conversation?.id
    await killAgent(session)
    expect(await said(session, 'second')).toBe('3: second')
    expect(session.view().state.conversation?.id).toBe(conversation)
  })

  test('in the middle of a turn: the message is not told again, and the sender learns it', async () => {
    await using one = await stage()
    const session = await one.session(['loads'], { restart: 'on-failure', backoffMs: 10 })
    const pid = Number(await said(session, 'pid'))
    const message = session.send('wait for ever')
    await eventually(() => session.view().state.conversation?.messages[0]?.state === 'taken')
    process.kill(pid, 'SIGKILL')
    expect(await soon(session.answer(message), 'the answer')).toMatchObject({ ok: false })
    expect(await said(session, 'second')).toMatch(/: second$/)
    expect(storyOf(session).filter((type) => type === 'message.handed')).toHaveLength(3)
  })

  test('and remembers nothing fails for good instead of beginning anew', async () => {
    await using one = await stage()
    const session = await one.session([], { restart: 'on-failure', backoffMs: 10 })
    await said(session, 'first')
    await killAgent(session)
    const exit = await soon(session.exited(), 'its end')
    expect(exit).toMatchObject({ class: 'permanent', run: 2 })
    expect(exit.evidence.reason).toContain('cannot go on with the conversation')
  })

  test('before its first answer begins anew', async () => {
    await using one = await stage()
    const session = await one.session([], { restart: 'on-failure', backoffMs: 10 })
    await eventually(() => session.view().state.conversation?.turn === 'idle')
    const agent = missionProcesses(session.id).find((pid) =>
      procFile(pid, 'cmdline')?.startsWith(process.execPath),
    )
    process.kill(agent ?? Number.NaN, 'SIGKILL')
    await eventually(() => session.view().state.run === 2)
    expect(await said(session, 'hello')).toBe('1: hello')
  })
})

describe('a runtime that takes over', () => {
  test('goes on with what its forerunner had told, and tells nothing twice', async () => {
    await using one = await stage()
    const { id } = await one.session()
    const sent = ['one', 'two', 'three', 'four'].map((text) => one.runtime.get(id).send(text))
    const session = (await one.takeOver()).get(id)
    const answers = await Promise.all(sent.map((message) => soon(session.answer(message), 'an answer')))
    expect(answers.map(({ text }) => text)).toEqual(['1: one', '2: two', '3: three', '4: four'])
  })

  test('answers a question that was asked before', async () => {
    await using one = await stage()
    const { id } = await one.session()
    const message = one.runtime.get(id).send('ask notes.txt')
    const { id: ask } = await asked(one.runtime.get(id))
    const session = (await one.takeOver()).get(id)
    session.decide(ask, { decision: 'allow', rule: null })
    expect(await soon(session.answer(message), 'the answer')).toMatchObject({
      text: 'May I?\n\nYou said yes.',
    })
  })
})
