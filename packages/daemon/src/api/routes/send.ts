import { createRoute, z } from '@hono/zod-openapi'
import { json, problem, reference } from '../answers.ts'
import { readBody } from '../body.ts'
import type { Register } from '../context.ts'
import { messageSchema } from '../schemas.ts'

export const send: Register = (api, { runtime }) => {
  const body = z.strictObject({ text: z.string('must be text') })
  const route = createRoute({
    method: 'post',
    path: '/v1/missions/{reference}/messages',
    summary: 'Say something to a session; answers when it is safe, and will be told',
    request: {
      params: reference,
      body: { required: true, content: { 'application/json': { schema: body } } },
    },
    responses: {
      202: json('The message', messageSchema),
      400: problem,
      404: problem,
      409: problem,
      507: problem,
    },
  })
  api.openAPIRegistry.registerPath(route)
  api.post('/v1/missions/:reference/messages', async (c) => {
    const { text } = await readBody(c, body)
    return c.json({ message: runtime.get(c.req.param('reference')).send(text) }, 202)
  })
}
