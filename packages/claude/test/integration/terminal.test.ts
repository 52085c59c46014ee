import { expect, test } from 'vitest'
import { soon } from '../../../core/test/support/eventually.ts'
import { standIn } from '../support/stand-in-program.ts'
import { ask, happened, openStage } from '../support/stage.ts'

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

test('only an agent that has a terminal can be put on it, and only one at it taken off', async () => {
  await using stage = await openStage(standIn)
  const session = await stage.session()
  await expect(session.standUp()).rejects.toMatchObject({ code: 'not_terminal' })
  const lines = await stage.runtime().start({ type: 'session' })
  await expect(lines.sitDown()).rejects.toMatchObject({ code: 'not_terminal' })
})
