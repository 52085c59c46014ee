import * as z from 'zod'
import { ToolFailure } from '../failures.ts'
import { missionInput } from '../input.ts'
import { once, patiently } from '../patience.ts'
import type { Scene } from '../scene.ts'
import { type Offer, tool } from '../tool.ts'

const input = z.strictObject({
  mission: missionInput,
  question: z
    .string()
    .min(1)
    .optional()
    .describe('Its id or the beginning of it; only when there are several'),
  decision: z.enum(['allow', 'deny']),
  reason: z.string().optional().describe('Told to the agent with a refusal'),
})

const output = z.object({
  mission: z.string(),
  question: z.string(),
  decision: z.enum(['allow', 'deny']),
  summary: z.string().describe('What was asked'),
})

export function answerQuestion({ client, find, self }: Scene): Offer {
  return tool({
    name: 'answer_question',
    title: 'Answer a question for permission',
    description:
      'Allows or denies what one of your missions asks permission for, this once. get_mission shows the question: read what ' +
      'the tool would be given before you allow it, and deny what its task does not need.',
    input,
    output,
    hints: { readOnly: false, destructive: true, idempotent: false },
    run: async ({ mission: ref, question, decision, reason }, { signal }) => {
      const { id } = await find(ref, signal)
      if (id === self) throw new ToolFailure('not_found', 'nobody answers questions of their own')
      const open = (await patiently(() => client.inbox({ signal }), signal)).filter(
        ({ mission }) => mission === id,
      )
      const [ask, other] = open.filter((one) => question === undefined || one.ask.startsWith(question))
      if (ask === undefined) throw new ToolFailure('ask_not_found', `mission ${id} does not ask that`)
      if (other !== undefined) {
        throw new ToolFailure('ambiguous_id', `mission ${id} asks several things: name the question`)
      }
      const told = { decision, ...(reason === undefined ? {} : { reason }) }
      await once(() => client.decide(id, ask.ask, { decision: told, signal }), signal)
      return { mission: id, question: ask.ask, decision, summary: ask.summary }
    },
  })
}
