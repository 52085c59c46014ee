import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ops, type Outcome, runConversation } from '../model/conversation-model.ts'

test('each message is answered once and in its turn, whoever dies', async () => {
  const reached = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(ops, async (program) => {
      const outcome = await runConversation(program)
      check(outcome)
      for (const [what, times] of outcome.counts) reached.set(what, (reached.get(what) ?? 0) + times)
    }),
    { numRuns: 400 },
  )
  for (const what of [
    'told what it awaited',
    'agent crashed',
    'supervisor crashed',
    'interrupted',
    'told again, and known to be answered',
    'told again in vain',
    'asked to go on',
    'goes on by itself',
    'failed: passing',
    'failed: rate-limited',
    'failed: permanent',
  ]) {
    expect([what, (reached.get(what) ?? 0) > 0]).toEqual([what, true])
  }
})

function check({ sent, answers, journal, refused, faults }: Outcome): void {
  expect(faults).toEqual([])
  for (const id of sent) {
    // The journal closes each message once.
    expect(journal.get(id)).toHaveLength(1)
    const times = answers.get(id) ?? 0
    // The agent answers it once, unless it let go of it or could not.
    if (refused.has(id)) expect(times).toBeLessThanOrEqual(1)
    else expect([id, times]).toEqual([id, 1])
    if (times === 0) expect(journal.get(id)).toEqual([false])
  }
  // In the order in which they were sent.
  const order = [...answers.keys()]
  expect(order).toEqual(sent.filter((id) => answers.has(id)))
}
