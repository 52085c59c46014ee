import { createRoute, z } from '@hono/zod-openapi'
import { isMessageId, OvermindError } from '@overmind/core'
import { json, problem, reference, whole } from '../answers.ts'
import type { Register } from '../context.ts'
import { answerSchema } from '../schemas.ts'
import { answerView } from '../views.ts'
import { within } from '../within.ts'

export const answer: Register = (api, { runtime }) => {
  const route = createRoute({
    method: 'get',
    path: '/v1/missions/{reference}/messages/{message}',
    summary: 'Answers when a message has been answered',
    request: {
      params: reference.extend({
        message: z.string().openapi({ description: 'The id that sending it gave' }),
      }),
      query: z.object({
        timeout_ms: whole(0).openapi({
          type: 'integer',
          description: 'Give up after this many milliseconds. Default: never',
        }),
      }),
    },
    responses: { 200: json('The answer', answerSchema), 404: problem, 408: problem, 409: problem },
  })
  api.openapi(route, async (c) => {
    const { reference: asked, message } = c.req.valid('param')
    const { timeout_ms: timeoutMs } = c.req.valid('query')
    const mission = runtime.get(asked)
    if (!isMessageId(message)) {
      throw new OvermindError(
        'message_not_found',
        `a message is named by a UUID: got ${JSON.stringify(message)}`,
      )
    }
    const late = `timeout: mission ${mission.id} had not answered after ${timeoutMs} ms; the message stays in its queue`
    const found = await within(c, { timeoutMs, late }, (signal) => mission.answer(message, { signal }))
    return c.json(answerView(found, message), 200)
  })
}
