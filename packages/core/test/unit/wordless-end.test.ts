import { expect, test } from 'vitest'
import { endWithoutWord } from '../../src/process/wordless-end.ts'

const KILLED = { kind: 'code', code: 137, at: 5, ran: 3 }

test.each([
  ['we killed it', true, false, KILLED],
  ['we killed it while it was short of memory', true, true, KILLED],
  ['the kernel did', false, true, { ...KILLED, cause: 'out-of-memory' }],
  ['nobody knows', false, false, { kind: 'lost', cause: 'vanished', at: 5, ran: 3 }],
])('an end of which nothing was written: %s', (_, killed, outOfMemory, end) => {
  expect(endWithoutWord({ killed, outOfMemory, at: 5, ran: 3 })).toEqual(end)
})
