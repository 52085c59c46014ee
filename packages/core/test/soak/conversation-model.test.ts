import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ops, runConversation } from '../model/conversation-model.ts'

test('20,000 conversations: each message is closed once, and answered once at the most', async () => {
  await fc.assert(
    fc.asyncProperty(ops, async (program) => {
      const { sent, answers, journal, refused, faults } = await runConversation(program)
      expect(faults).toEqual([])
      for (const id of sent) {
        expect(journal.get(id)).toHaveLength(1)
        expect(answers.get(id) ?? 0).toBe(refused.has(id) ? (answers.get(id) ?? 0) % 2 : 1)
      }
    }),
    { numRuns: 20_000 },
  )
}, 3_600_000)
