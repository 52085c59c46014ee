import { createRoute, z } from '@hono/zod-openapi'
import { json } from '../answers.ts'
import type { Register } from '../context.ts'
import { hookSchema } from '../schemas.ts'

export const hooks: Register = (api, context) => {
  const route = createRoute({
    method: 'get',
    path: '/v1/hooks',
    summary: 'Who is told of what, and how that goes',
    responses: { 200: json('The hooks', z.object({ hooks: z.array(hookSchema) })) },
  })
  api.openapi(route, (c) => c.json({ hooks: context.hooks.list() }, 200))
}
