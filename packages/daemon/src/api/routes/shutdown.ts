import { createRoute, z } from '@hono/zod-openapi'
import { json, problem } from '../answers.ts'
import { readBody } from '../body.ts'
import type { Register } from '../context.ts'

export const shutdown: Register = (api, context) => {
  const body = z.strictObject({ keep: z.boolean('must be true or false').default(false) })
  const route = createRoute({
    method: 'post',
    path: '/v1/shutdown',
    summary: 'End the daemon; its missions too, unless they are to be kept for the next one',
    request: { body: { content: { 'application/json': { schema: body } } } },
    responses: { 200: json('How many missions were stopped', z.object({ stopped: z.int() })), 400: problem },
  })
  api.openAPIRegistry.registerPath(route)
  api.post('/v1/shutdown', async (c) => {
    const { keep } = await readBody(c, body)
    return c.json({ stopped: await context.shutdown(keep) })
  })
}
