import { createRoute } from '@hono/zod-openapi'
import { json, problem, reference } from '../answers.ts'
import type { Register } from '../context.ts'
import { missionSchema } from '../schemas.ts'
import { missionView } from '../views.ts'

export const restart: Register = (api, { runtime }) => {
  const route = createRoute({
    method: 'post',
    path: '/v1/missions/{reference}/restart',
    summary: 'End the current run and begin a new one; answers when that has started',
    request: { params: reference },
    responses: { 200: json('The mission, running', missionSchema), 404: problem, 409: problem, 507: problem },
  })
  api.openapi(route, async (c) => {
    const mission = runtime.get(c.req.valid('param').reference)
    await mission.restart()
    return c.json(missionView(mission), 200)
  })
}
