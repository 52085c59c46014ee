import { createRoute, z } from '@hono/zod-openapi'
import { json, problem } from '../answers.ts'
import { readBody } from '../body.ts'
import type { Register } from '../context.ts'
import { someHook } from '../schemas.ts'

export const dropDeliveries: Register = (api, { hooks }) => {
  const route = createRoute({
    method: 'post',
    path: '/v1/hooks/drop',
    summary: 'Forget what did not arrive, of one hook or of all',
    request: { body: { content: { 'application/json': { schema: someHook } } } },
    responses: {
      200: json('How many events are forgotten', z.object({ dropped: z.int() })),
      400: problem,
      404: problem,
      507: problem,
    },
  })
  api.openAPIRegistry.registerPath(route)
  api.post('/v1/hooks/drop', async (c) => {
    const { hook } = await readBody(c, someHook)
    return c.json({ dropped: hooks.drop(hook) }, 200)
  })
}
