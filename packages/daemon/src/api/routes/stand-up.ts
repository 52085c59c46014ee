import { createRoute } from '@hono/zod-openapi'
import { json, problem, reference } from '../answers.ts'
import type { Register } from '../context.ts'
import { missionSchema } from '../schemas.ts'
import { missionView } from '../views.ts'

export const standUp: Register = (api, { runtime }) => {
  const route = createRoute({
    method: 'delete',
    path: '/v1/missions/{reference}/terminal',
    summary: 'Take an agent off its own terminal, unless somebody sits at it; it goes on without',
    request: { params: reference },
    responses: { 200: json('The mission', missionSchema), 404: problem, 409: problem, 507: problem },
  })
  api.openapi(route, async (c) => {
    const mission = runtime.get(c.req.valid('param').reference)
    if (mission.attached().control === 0) await mission.standUp()
    return c.json(missionView(mission), 200)
  })
}
