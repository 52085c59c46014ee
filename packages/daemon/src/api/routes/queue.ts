import { createRoute } from '@hono/zod-openapi'
import { json } from '../answers.ts'
import type { Register } from '../context.ts'
import { queueSchema } from '../schemas.ts'
import { queueView } from '../views.ts'

export const queue: Register = (api, { runtime }) => {
  const route = createRoute({
    method: 'get',
    path: '/v1/queue',
    summary: 'The limits on missions at work, and who waits for them',
    responses: { 200: json('The queue', queueSchema) },
  })
  api.openapi(route, (c) => c.json(queueView(runtime), 200))
}
