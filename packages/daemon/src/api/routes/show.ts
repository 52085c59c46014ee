import { createRoute } from '@hono/zod-openapi'
import { json, problem, reference } from '../answers.ts'
import type { Register } from '../context.ts'
import { missionSchema } from '../schemas.ts'
import { missionView } from '../views.ts'

export const show: Register = (api, { runtime }) => {
  const route = createRoute({
    method: 'get',
    path: '/v1/missions/{reference}',
    summary: 'One mission',
    request: { params: reference },
    responses: { 200: json('The mission', missionSchema), 404: problem, 409: problem },
  })
  api.openapi(route, (c) => c.json(missionView(runtime.get(c.req.valid('param').reference)), 200))
}
