import { createRoute } from '@hono/zod-openapi'
import { json } from '../answers.ts'
import type { Register } from '../context.ts'
import { statusSchema } from '../schemas.ts'

export const status: Register = (api, context) => {
  const route = createRoute({
    method: 'get',
    path: '/v1/status',
    summary: 'The daemon at a glance',
    responses: { 200: json('The daemon', statusSchema) },
  })
  api.openapi(route, (c) => c.json(context.status()))
}
