import { expect, test } from 'vitest'
import { newConversation } from '../../src/mission/conversation.ts'
import { createTells } from '../../src/mission/tells.ts'
import { newMessageId } from '../../src/model/ids.ts'
import { rawProvider } from '../../src/provider/raw.ts'
import { missionSpec } from '../fakes/records.ts'

test('the text of a message is kept until it is answered, and looked for where it is not kept', () => {
  const talk = rawProvider.talk?.(missionSpec({ type: 'session' }))
  if (talk === undefined || talk === null) throw new TypeError('a raw session talks')
  const tells = createTells(talk, () => 'from the journal')
  const id = newMessageId(Math.random)
  const textOf = (): unknown => tells.lineFor({ kind: 'message', message: id }, newConversation(null))
  expect(textOf()).toEqual({ key: id, text: 'from the journal' })
  tells.note({ type: 'message.queued', message: id, text: 'kept' })
  expect(textOf()).toEqual({ key: id, text: 'kept' })
  tells.note({ type: 'message.answered', message: id, ok: true, run: 1, from: 0, to: 1 })
  expect(textOf()).toEqual({ key: id, text: 'from the journal' })
})
