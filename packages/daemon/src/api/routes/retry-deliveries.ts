import { createRoute, z } from '@hono/zod-openapi'
import { json, problem } from '../answers.ts'
import { readBody } from '../body.ts'
import type { Register } from '../context.ts'
import { someHook } from '../schemas.ts'

export const retryDeliveries: Register = (api, { hooks }) => {
  const route = createRoute({
    method: 'post',
    path: '/v1/hooks/retry',
    summary: 'Try again what did not arrive, of one hook or of all',
    request: { body: { content: { 'application/json': { schema: someHook } } } },
    responses: {
      200: json('How many events wait again', z.object({ retried: z.int() })),
      400: problem,
      404: problem,
      507: problem,
    },
  })
  api.openAPIRegistry.registerPath(route)
  api.post('/v1/hooks/retry', async (c) => {
    const { hook } = await readBody(c, someHook)
    return c.json({ retried: hooks.retry(hook) }, 200)
  })
}
