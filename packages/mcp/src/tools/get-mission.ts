import * as z from 'zod'
import { beginningOf } from '../inert.ts'
import { missionInput } from '../input.ts'
import { patiently } from '../patience.ts'
import type { Scene } from '../scene.ts'
import { type Offer, tool } from '../tool.ts'
import { missionSchema, shown } from '../views.ts'

const QUESTION_BYTES = 4096

const input = z.strictObject({ mission: missionInput })

const output = z.object({
  mission: missionSchema,
  why: z.array(z.string()).describe('Why it is in this state, the most important first'),
  questions: z
    .array(
      z.object({
        id: z.string(),
        tool: z.string(),
        summary: z.string(),
        input: z.string().describe('What the tool would be given; a long one is cut'),
        at: z.string(),
      }),
    )
    .describe('What it asks permission for, and waits'),
  evidence: z.string().nullable().describe('The last output of the last run that did not end well'),
})

export function getMission({ client, find }: Scene): Offer {
  return tool({
    name: 'get_mission',
    title: 'Look at a mission',
    description:
      'All that is known of one of your missions: what it does, why it is in its state, what it asks permission for, and ' +
      'the last output of a run that failed.',
    input,
    output,
    hints: { readOnly: true, destructive: false, idempotent: true },
    run: async ({ mission: ref }, { signal }) => {
      const { id } = await find(ref, signal)
      const { mission, why, evidence } = await patiently(() => client.describe(id, { signal }), signal)
      const asks = mission.asks === 0 ? [] : await patiently(() => client.inbox({ signal }), signal)
      return {
        mission: shown(mission),
        why: [...why],
        questions: asks
          .filter((ask) => ask.mission === id)
          .map(({ ask, tool, summary, input: given, at }) => ({
            id: ask,
            tool,
            summary: beginningOf(summary, QUESTION_BYTES).text,
            input: beginningOf(given, QUESTION_BYTES).text,
            at,
          })),
        evidence,
      }
    },
  })
}
