import { createRoute, z } from '@hono/zod-openapi'
import { json, problem } from '../answers.ts'
import type { Register } from '../context.ts'
import { deadDeliverySchema } from '../schemas.ts'

export const deadDeliveries: Register = (api, { hooks }) => {
  const route = createRoute({
    method: 'get',
    path: '/v1/hooks/dead',
    summary: 'Events that did not arrive and are not tried again, the newest first',
    request: {
      query: z.object({ hook: z.string().optional().openapi({ description: 'Only of this hook' }) }),
    },
    responses: {
      200: json('The events', z.object({ deliveries: z.array(deadDeliverySchema) })),
      404: problem,
    },
  })
  api.openapi(route, (c) => c.json({ deliveries: hooks.dead(c.req.valid('query').hook) }, 200))
}
