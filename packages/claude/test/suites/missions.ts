/** What missions of Claude Code do, whichever CLI they run: the stand-in in every check, the real one in its own. */
import { existsSync, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Mission, MissionInput } from '@overmind/core'
import { describe, expect, test } from 'vitest'
import { eventually, soon } from '../../../core/test/support/eventually.ts'
import { endGroup, missionProcesses, processesWith } from '../../../core/test/support/processes.ts'
import type { Program } from '../support/cli.ts'
import { KILL_POINTS, type KillPoint, TURN } from './kill-points.ts'
import { ask, happened, openStage, outputOf, shown, type Stage } from '../support/stage.ts'

const again = { restart: 'on-failure', backoffMs: 1, maxRestarts: 0 } as const satisfies MissionInput

const tool = (command: string, then: string): string =>
  `::tool Bash ${JSON.stringify({ command })}\n::next\n::text ${then}`

const answersIn = (mission: Mission, message: string): readonly boolean[] =>
  mission
    .history({ types: ['message.answered'], limit: 10_000 })
    .flatMap((event) => (event.type === 'message.answered' && event.message === message ? [event.ok] : []))

function killAgent(mission: Mission): void {
  endGroup(mission.view().state.process?.pid)
}

export function missionSuite(program: () => Program): void {
  describe('a task', () => {
    test('answers its prompt and ends, with what it cost', async () => {
      await using stage = await openStage(program())
      const task = await stage.start({ command: 'say hello' })
      expect(await soon(task.exited(), 'its end', 60_000)).toMatchObject({ class: 'completed', code: 0 })
      expect(await task.result()).toMatchObject({ ok: true, text: 'reply 1: say hello' })
      const { spent } = task.view().state.conversation ?? {}
      expect(spent).toMatchObject({ turns: 1 })
      expect(spent?.costUsd).toBeGreaterThan(0)
      expect(Object.keys(spent?.models ?? {})).toEqual(['claude-opus-5-5'])
      expect(await shown(task)).toEqual([
        'reply 1: say hello',
        expect.stringMatching(/^\[done\] 1 turn, \d+\.\d s, \$0\.\d{4}$/),
      ])
      expect(missionProcesses(task.id)).toEqual([])
    })

    test('that was killed in the middle goes on in the next run', async () => {
      await using stage = await openStage(program())
      const task = await stage.start({
        command: '::tool Bash {"command":"echo one"}\n::next\n::wait 1000\n::text two',
        options: { allowedTools: ['Bash'] },
        ...again,
      })
      await eventually(async () => (await outputOf(task, 1)).includes('"tool_result"'), { within: 60_000 })
      killAgent(task)
      expect(await soon(task.exited(), 'its end', 60_000)).toMatchObject({ class: 'completed' })
      expect(await task.result()).toMatchObject({ text: 'two' })
      expect(task.view().state.run).toBe(2)
    })

    test('that could not be answered fails, and says why', async () => {
      await using stage = await openStage(program())
      const task = await stage.start({ command: '::error 400 Your credit balance is too low', ...again })
      const exit = await soon(task.exited(), 'its end', 60_000)
      expect(exit).toMatchObject({ class: 'permanent', code: 1 })
      expect(exit.evidence.reason).toMatch(/^the account has no credit: Credit balance is too low/)
    })
  })

  describe('a session', () => {
    test('answers in its turn what it is told at once, and remembers', async () => {
      await using stage = await openStage(program())
      const session = await stage.session()
      const sent = ['one', 'two', 'three'].map((text) => session.send(text))
      const answers = await Promise.all(
        sent.map((message) => soon(session.answer(message), 'answer', 60_000)),
      )
      expect(answers.map(({ text }) => text)).toEqual(['reply 1: one', 'reply 2: two', 'reply 3: three'])
      expect(await session.stop()).toMatchObject({ class: 'stopped', receipt: { signals: [], left: [] } })
    })

    test('asks before it does what it may not, and does what it is told', async () => {
      await using stage = await openStage(program())
      const session = await stage.session(again)
      const made = join(stage.lab.cwd, 'made')
      const message = session.send(tool(`touch ${made}`, 'done'))
      await happened(session, 'ask.opened')
      const [open] = session.view().state.conversation?.asks ?? []
      expect(open).toMatchObject({ tool: 'Bash', summary: `Bash: touch ${made}`, verdict: null })
      session.decide(open?.id ?? '', { decision: 'deny', reason: 'not today' })
      await soon(session.answer(message), 'the answer', 60_000)
      expect(existsSync(made)).toBe(false)
      const other = session.send(tool(`touch ${made}`, 'done'))
      await happened(session, 'ask.opened', 2)
      const [second] = session.view().state.conversation?.asks ?? []
      session.decide(second?.id ?? '', { decision: 'allow', rule: 'Bash(touch *)' })
      expect((await soon(session.answer(other), 'the answer', 60_000)).text).toBe('done')
      expect(existsSync(made)).toBe(true)
      // The rule holds in the next run.
      killAgent(session)
      await happened(session, 'session.ready', 2)
      expect(await ask(session, tool(`touch ${made}.2`, 'done too'))).toBe('done too')
      expect(existsSync(`${made}.2`)).toBe(true)
    })

    test('withdraws what it asked when it is interrupted, and goes on', async () => {
      await using stage = await openStage(program())
      const session = await stage.session()
      const message = session.send(tool('touch nothing', 'done'))
      await happened(session, 'ask.opened')
      session.interrupt()
      expect(await soon(session.answer(message), 'the answer', 60_000)).toMatchObject({ ok: false })
      await eventually(() => session.view().state.conversation?.asks.length === 0)
      expect(await ask(session, 'still there?')).toMatch(/still there\?$/)
    })

    test('denies what nobody answers in time', async () => {
      await using stage = await openStage(program())
      const session = await stage.session({ askTimeoutMs: 300 })
      expect(await ask(session, tool('touch nothing', 'without it'))).toBe('without it')
      const answered = session.history({ types: ['ask.answered'], limit: 10 })
      expect(answered).toMatchObject([{ by: 'timeout', verdict: { decision: 'deny' } }])
    })

    test('ends when its budget is used up, and says so', async () => {
      await using stage = await openStage(program())
      const session = await stage.session({ maxTurns: 2 })
      await ask(session, 'one')
      await ask(session, 'two')
      const exit = await soon(session.exited(), 'its end', 60_000)
      expect(exit).toMatchObject({ class: 'budget' })
      expect(exit.evidence.reason).toMatch(/^its budget is used up: it has taken 2 of 2 turns/)
    })

    test('ends with its family when the budget of a mission above is used up', async () => {
      await using stage = await openStage(program())
      const parent = await stage.session({ maxTurns: 3 })
      const child = await stage.session({ parent: parent.id })
      await ask(parent, 'one')
      await ask(child, 'two')
      await ask(child, 'three')
      for (const mission of [child, parent]) {
        expect(await soon(mission.exited(), 'its end', 60_000)).toMatchObject({ class: 'budget' })
      }
      const { reason } = (await child.exited()).evidence
      expect(reason).toMatch(/^its budget is used up: what a mission above it may spend in all/)
    })

    test.each(['', '{"type":"queue-operation","operation":"enqueue"}\n', '{"type":"queue-oper'])(
      'that was killed before a word of it was written down begins anew, whatever there is of a file: %j',
      async (written) => {
        await using stage = await openStage(program())
        const session = await stage.session(again)
        await happened(session, 'session.ready')
        const id = session.view().state.conversation?.id ?? ''
        const folder = join(stage.lab.config, 'projects', stage.lab.cwd.replaceAll(/[^a-zA-Z0-9]/g, '-'))
        mkdirSync(folder, { recursive: true })
        writeFileSync(join(folder, `${id}.jsonl`), written)
        killAgent(session)
        await happened(session, 'session.ready', 2)
        expect(await ask(session, 'hello')).toBe('reply 1: hello')
        const fresh = session.view().state.conversation?.id
        expect(fresh).not.toBe(id)
        const named = session.history({ types: ['session.named'], limit: 100 })
        expect(named.at(0)).toMatchObject({ conversation: fresh })
        await session.kill()
      },
    )

    test('that lost its conversation says so, and does not begin a blank one', async () => {
      await using stage = await openStage(program())
      const session = await stage.session(again)
      await ask(session, 'remember me')
      const id = session.view().state.conversation?.id ?? ''
      killAgent(session)
      for (const file of globSync(join(stage.lab.config, 'projects', '*', `${id}.jsonl`))) rmSync(file)
      const exit = await soon(session.exited(), 'its end', 60_000)
      expect(exit).toMatchObject({ class: 'failed-to-start' })
      expect(exit.evidence.reason).toContain(`no longer has the conversation ${id}`)
    })
  })

  describe('what fails', () => {
    const table = [
      ['a bad key', '::error 401', 'permanent', /^the key or login is not accepted/],
      ['no such model', '::error 404', 'permanent', /^there is no such model/],
      [
        'a conversation that is too long',
        '::error 400 prompt is too long: 9 tokens > 8 maximum',
        'permanent',
        /too long/,
      ],
      ['an overloaded service', '::error 529', 'passing', /^the service is overloaded/],
      ['a fault of the service', '::error 500', 'passing', /^the service has a fault/],
      ['a connection that is cut', '::disconnect', 'passing', /./],
      ['a limit', '::error 429', 'rate-limited', /./],
    ] as const
    test.each(table)('%s is told to the sender, and the session stays', async (_, script, kind, reason) => {
      await using stage = await openStage(program())
      const session = await stage.session({ onLimit: 'exit' })
      const answer = await soon(session.answer(session.send(script)), 'the answer', 60_000)
      expect(answer.ok).toBe(false)
      expect(session.view().state.conversation?.trouble).toMatchObject({
        kind,
        reason: expect.stringMatching(reason),
      })
      expect(session.view().status).toBe('running')
      await session.stop()
    })

    test('that may pass is tried again in another run, and answered once', async () => {
      await using stage = await openStage(program())
      const session = await stage.session({ ...again, env: { CLAUDE_CODE_MAX_RETRIES: '0' } })
      const mended = join(stage.lab.cwd, 'mended')
      const message = session.send(`::error 529 until ${mended}\n::text at last`)
      await happened(session, 'mission.restarting')
      writeFileSync(mended, '')
      expect(await soon(session.answer(message), 'the answer', 60_000)).toMatchObject({
        ok: true,
        text: 'at last',
      })
      expect(answersIn(session, message)).toEqual([true])
    })

    test('a usage limit is waited for, and what was asked is answered then', async () => {
      await using stage = await openStage(program())
      const mended = join(stage.lab.cwd, 'mended')
      const reset = Math.ceil(Date.now() / 1000) + 2
      const session = await stage.session({
        env: { ANTHROPIC_API_KEY: '', CLAUDE_CODE_OAUTH_TOKEN: 'token', CLAUDE_CODE_MAX_RETRIES: '0' },
      })
      const message = session.send(
        [
          '::header anthropic-ratelimit-unified-status: rejected',
          `::header anthropic-ratelimit-unified-reset: ${reset}`,
          '::header anthropic-ratelimit-unified-representative-claim: five_hour',
          `::error 429 until ${mended}`,
          '::text after the reset',
        ].join('\n'),
      )
      await happened(session, 'mission.limited')
      expect(session.view().state.phase).toBe('restarting.limited')
      writeFileSync(mended, '')
      expect(await soon(session.answer(message), 'the answer', 60_000)).toMatchObject({
        text: 'after the reset',
      })
      expect(session.view().state.budget.charged).toEqual([])
    })

    test('that was told does not explain a kill later on', async () => {
      await using stage = await openStage(program())
      const session = await stage.session(again)
      const { ok } = await soon(session.answer(session.send('::error 401')), 'the answer', 60_000)
      expect(ok).toBe(false)
      killAgent(session)
      await happened(session, 'session.ready', 2)
      expect(session.view().status).toBe('running')
    })

    test('a bad flag is permanent, and its message is in the reason', async () => {
      await using stage = await openStage(program())
      const session = await stage.session({ ...again, options: { args: ['--frobnicate'] } })
      const exit = await soon(session.exited(), 'its end', 60_000)
      expect(exit).toMatchObject({ class: 'permanent' })
      expect(exit.evidence.reason).toContain("unknown option '--frobnicate'")
    })

    test('an agent that hangs is suspected, nudged and interrupted, and goes on in the next run', async () => {
      await using stage = await openStage(program())
      const session = await stage.session({ ...again, activityTimeoutMs: 1000, stopTimeoutMs: 4000 })
      expect(await ask(session, 'hello')).toBe('reply 1: hello')
      session.send('::text begun\n::hang')
      await happened(session, 'run.stalled')
      await happened(session, 'run.nudged')
      await happened(session, 'mission.restarting')
      const ending = session.history({ types: ['run.ending'], limit: 10 }).toReversed()
      expect(ending[0]).toMatchObject({ reason: 'stall', signal: 'SIGINT' })
      await session.kill()
    })
  })

  test('an agent that waits for its shell is not silent, however long that takes', async () => {
    await using stage = await openStage(program())
    const session = await stage.session({
      ...again,
      activityTimeoutMs: 1000,
      stopTimeoutMs: 4000,
      options: { allowedTools: ['Bash'] },
    })
    // It would have been interrupted by the time that this has ended.
    expect(await ask(session, tool('timeout 3 tail -f /dev/null; echo over', 'done'))).toBe('done')
    expect(session.view().state.run).toBe(1)
    await session.kill()
  })

  describe('a kill at any point of a turn', () => {
    const reached = (session: Mission, point: KillPoint): Promise<unknown> =>
      'event' in point
        ? happened(session, point.event)
        : eventually(async () => (await outputOf(session, 1)).includes(point.written), { within: 60_000 })
    const options = { options: { allowedTools: ['Bash'] } }

    test.each(KILL_POINTS)('of the agent: %s', async (_, point) => {
      await using stage = await openStage(program())
      const session = await stage.session({ ...again, ...options })
      const message = session.send(TURN)
      await reached(session, point)
      killAgent(session)
      await answeredOnce(stage, session, message)
      expect(session.view().state.run).toBe(2)
    })

    test.each(KILL_POINTS)('of its supervisor: %s', async (_, point) => {
      await using stage = await openStage(program())
      const { id } = await stage.session({ ...again, ...options })
      const message = stage.runtime().get(id).send(TURN)
      await reached(stage.runtime().get(id), point)
      await stage.takeOver()
      const session = stage.runtime().get(id)
      await answeredOnce(stage, session, message)
      expect(session.view().state.run).toBe(1)
    })

    test('of both, twice', async () => {
      await using stage = await openStage(program())
      const { id } = await stage.session({ ...again, ...options })
      const message = stage.runtime().get(id).send(TURN)
      for (const run of [1, 2]) {
        await eventually(async () => (await outputOf(stage.runtime().get(id), run)).includes('"assistant"'), {
          within: 60_000,
        })
        killAgent(stage.runtime().get(id))
        await stage.takeOver()
        await eventually(() => stage.runtime().get(id).view().state.run > run, { within: 60_000 })
      }
      await answeredOnce(stage, stage.runtime().get(id), message)
      expect(stage.runtime().get(id).view().state.run).toBe(3)
    })

    async function answeredOnce(stage: Stage, session: Mission, message: string): Promise<void> {
      await eventually(() => answersIn(session, message).length > 0, { within: 60_000, what: 'an answer' })
      const later = session.send('and now?')
      const next = await soon(session.answer(later), 'the next answer', 60_000)
      expect(answersIn(session, message)).toEqual([true])
      expect(next).toMatchObject({ ok: true, text: expect.stringMatching(/and now\?$/) })
      // The bill is the sum of the turns, each once.
      const turns = session.history({ types: ['turn.ended'], limit: 100 })
      const sum = turns.reduce((total, turn) => total + (turn.type === 'turn.ended' ? turn.cost : 0), 0)
      expect(session.view().state.conversation?.spent.costUsd).toBeCloseTo(sum, 9)
      const { id } = session.view().state.conversation ?? {}
      const texts = stage.lab.transcript(id ?? '').flatMap((entry) => (entry.uuid === message ? [entry] : []))
      expect(texts.length).toBeLessThanOrEqual(1)
      await session.stop()
      expect(missionProcesses(session.id)).toEqual([])
      expect(processesWith(`OVERMIND_MISSION_ID=${session.id}`)).toEqual([])
      expect(stage.faults).toEqual([])
    }
  })
}
