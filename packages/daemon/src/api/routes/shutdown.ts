import { createRoute, z } from '@hono/zod-openapi'
import { json, problem } from '../answers.ts'
import type { Register } from '../context.ts'

export const shutdown: Register = (api, context) => {
  const route = createRoute({
    method: 'post',
    path: '/v1/shutdown',
    summary: 'End the daemon; its missions too, unless they are to be kept for the next one',
    request: {
      body: {
        content: {
          'application/json': {
            schema: z.strictObject({ keep: z.boolean('must be true or false').default(false) }),
          },
        },
      },
    },
    responses: { 200: json('How many missions were stopped', z.object({ stopped: z.int() })), 400: problem },
  })
  api.openapi(route, async (c) => c.json({ stopped: await context.shutdown(c.req.valid('json').keep) }))
}
