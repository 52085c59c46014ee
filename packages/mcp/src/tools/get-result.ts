import { ApiError } from '@overmind/client'
import * as z from 'zod'
import { answerOf, answerSchema } from '../answer.ts'
import { missionInput } from '../input.ts'
import { writtenBy } from '../output.ts'
import { patiently } from '../patience.ts'
import type { Scene } from '../scene.ts'
import { type Offer, tool } from '../tool.ts'
import { missionSchema, shown } from '../views.ts'

const LINES = 200

const input = z.strictObject({ mission: missionInput })

const output = z.object({
  mission: missionSchema,
  answer: answerSchema.nullable().describe('The last answer of an agent; null when there is none yet'),
  output: z.string().nullable().describe(`The last ${LINES} lines of a command; null for an agent`),
})

export function getResult({ client, find }: Scene): Offer {
  return tool({
    name: 'get_result',
    title: 'Get the result of a mission',
    description:
      'What came of one of your missions: of an agent its last answer, of a command the end of its output and its exit code. ' +
      'Check it before you build on it: an agent that says it is done may be wrong.',
    input,
    output,
    hints: { readOnly: true, destructive: false, idempotent: true },
    run: async ({ mission: ref }, { signal }) => {
      const { id } = await find(ref, signal)
      const mission = await patiently(() => client.get(id, { signal }), signal)
      if (mission.cost_usd === null) {
        const { text } = await writtenBy(client, id, { lines: LINES, signal })
        return { mission: shown(mission), answer: null, output: text }
      }
      const answer = await patiently(() => client.result(id, { signal }), signal).catch((error: unknown) => {
        if (error instanceof ApiError && error.code === 'no_result') return null
        throw error
      })
      return { mission: shown(mission), answer: answer === null ? null : answerOf(answer), output: null }
    },
  })
}
