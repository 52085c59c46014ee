import { createRoute } from '@hono/zod-openapi'
import { json, problem, reference } from '../answers.ts'
import type { Register } from '../context.ts'
import { missionSchema } from '../schemas.ts'
import { missionView } from '../views.ts'

export const interrupt: Register = (api, { runtime }) => {
  const route = createRoute({
    method: 'post',
    path: '/v1/missions/{reference}/interrupt',
    summary: 'Ask an agent to let go of what it is doing; it stays, and waits',
    request: { params: reference },
    responses: { 202: json('The mission', missionSchema), 404: problem, 409: problem, 507: problem },
  })
  api.openapi(route, (c) => {
    const mission = runtime.get(c.req.valid('param').reference)
    mission.interrupt()
    return c.json(missionView(mission), 202)
  })
}
