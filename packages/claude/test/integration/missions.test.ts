import { expect, test } from 'vitest'
import { soon } from '../../../core/test/support/eventually.ts'
import { missionSuite } from '../suites/missions.ts'
import { openStage } from '../support/stage.ts'
import { standIn } from '../support/stand-in-program.ts'

missionSuite(() => standIn)

test('an agent that was killed at its last words has answered with them', async () => {
  const path = new URL('../programs/killed-at-its-last-words.ts', import.meta.url).pathname
  await using stage = await openStage({ ...standIn, path })
  const session = await stage.session({
    restart: 'on-failure',
    backoffMs: 1,
    options: { allowedTools: ['Bash'] },
  })
  const message = session.send(
    '::text at first\n::tool Bash {"command":"echo in between"}\n::next\n::text the last words',
  )
  const answer = await soon(session.answer(message), 'the answer', 60_000)
  expect(answer).toMatchObject({ ok: true, run: 1, text: 'the last words' })
  expect(session.view().state.run).toBe(2)
  expect(await session.result()).toMatchObject({ ok: true, run: 1, text: 'the last words' })
  await session.kill()
})
