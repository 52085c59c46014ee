import type { Mission } from '@overmind/core'
import { expect, test } from 'vitest'
import { soon } from '../../../core/test/support/eventually.ts'
import { standIn } from '../support/stand-in-program.ts'
import { ask, happened, openStage } from '../support/stage.ts'
import { endGroup } from '../../../core/test/support/processes.ts'

/** The stand-in has no terminal of its own: what it does on one is to refuse, which is how people leave it at once. */
test('an agent that leaves its terminal goes on without one, and messages have waited', async () => {
  await using stage = await openStage(standIn)
  const session = await stage.session()
  expect(await ask(session, 'before')).toBe('reply 1: before')
  await soon(session.sitDown({ columns: 100, rows: 30 }), 'the terminal')
  const message = session.send('meanwhile')
  await happened(session, 'session.ready', 2)
  expect(await soon(session.answer(message), 'the answer')).toMatchObject({
    ok: true,
    text: 'reply 2: meanwhile',
  })
  expect(session.view().state.run).toBe(3)
  expect(session.view().state.budget.charged).toEqual([])
})

test('an agent that asks something is not put on its terminal, unless it is interrupted', async () => {
  await using stage = await openStage(standIn)
  const session = await stage.session()
  const message = session.send('::tool Bash {"command":"touch x"}\n::next\n::text done')
  await happened(session, 'ask.opened')
  await expect(session.sitDown()).rejects.toMatchObject({ code: 'waits_for_answer' })
  await soon(session.sitDown({ interrupt: true }), 'the terminal')
  expect(await session.answer(message)).toMatchObject({ ok: false })
})

const ASKS = '::tool Bash {"command":"touch x"}\n::next\n::text done'

test('messages that wait do not keep people from an agent that they interrupt', async () => {
  await using stage = await openStage(standIn)
  const session = await stage.session()
  const first = session.send(ASKS)
  const second = session.send(ASKS)
  await happened(session, 'ask.opened')
  await soon(session.sitDown({ interrupt: true }), 'the terminal')
  expect(await session.answer(first)).toMatchObject({ ok: false })
  await happened(session, 'ask.opened', 2)
  session.interrupt()
  expect(await soon(session.answer(second), 'the answer')).toMatchObject({ ok: false, run: 3 })
})

test('who waits for an agent that then asks something is told so, and messages wait no more', async () => {
  await using stage = await openStage(standIn)
  const session = await stage.session()
  session.send(`::delay 1000\n${ASKS}`)
  await happened(session, 'message.taken')
  const refused = session.sitDown()
  const waiting = session.send('later')
  await expect(soon(refused, 'the refusal')).rejects.toMatchObject({ code: 'waits_for_answer' })
  session.interrupt()
  expect(await soon(session.answer(waiting), 'the answer')).toMatchObject({ ok: true, run: 1 })
})

test('who wants to sit down and leaves, or whose supervisor dies, leaves an agent that goes on', async () => {
  await using stage = await openStage(standIn)
  const { id } = await stage.session()
  const session = (): Mission => stage.runtime().get(id)
  const answered: string[] = []
  for (const leave of ['abort', 'die'] as const) {
    const left = new AbortController()
    session().send('::delay 1000\n::text slow')
    await happened(session(), 'message.taken', 2 * answered.length + 1)
    const sitting = session()
      .sitDown({ signal: left.signal })
      .catch((error: unknown) => error)
    const waiting = session().send('later')
    if (leave === 'abort') left.abort()
    else await stage.takeOver()
    expect(await sitting).toBeInstanceOf(Error)
    answered.push((await soon(session().answer(waiting), 'the answer')).text)
  }
  expect(answered).toEqual(['reply 2: later', 'reply 4: later'])
  expect(session().view().state.run).toBe(1)
})

test('an agent that crashes while somebody waits for it is put on its terminal when it has nothing to do', async () => {
  await using stage = await openStage(standIn)
  const session = await stage.session({ restart: 'on-failure', backoffMs: 0 })
  const message = session.send('::delay 1000\n::text slow')
  await happened(session, 'message.taken')
  const [sitting, another] = [session.sitDown(), session.sitDown()]
  endGroup(session.view().state.process?.pid)
  await soon(Promise.all([sitting, another]), 'the terminal', 30_000)
  expect(await soon(session.answer(message), 'the answer', 30_000)).toMatchObject({ ok: true })
  expect(session.view().state.budget.charged).toHaveLength(1)
})

test('an agent that is stopped while somebody waits for it is not on its terminal when it is started again', async () => {
  await using stage = await openStage(standIn)
  const session = await stage.session()
  session.send('::delay 5000\n::text slow')
  await happened(session, 'message.taken')
  const sitting = session.sitDown().catch((error: unknown) => error)
  await session.stop({ timeoutMs: 0 })
  expect(await sitting).toMatchObject({ code: 'not_running' })
  await session.restart()
  await happened(session, 'session.ready', 2)
  expect(session.view().state.conversation).toMatchObject({ terminal: null, wantsTerminal: null })
})

test('only an agent that has a terminal can be put on it, and only one at it taken off', async () => {
  await using stage = await openStage(standIn)
  const session = await stage.session()
  await expect(session.standUp()).rejects.toMatchObject({ code: 'not_terminal' })
  const lines = await stage.runtime().start({ type: 'session' })
  await expect(lines.sitDown()).rejects.toMatchObject({ code: 'not_terminal' })
})
