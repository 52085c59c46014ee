import { createRoute, z } from '@hono/zod-openapi'
import { json, problem, reference } from '../answers.ts'
import { readBody } from '../body.ts'
import type { Register } from '../context.ts'
import { missionSchema } from '../schemas.ts'
import { missionView } from '../views.ts'

export const stop: Register = (api, { runtime }) => {
  const body = z.strictObject({
    timeout_ms: z
      .number('must be a number')
      .int('must be a whole number')
      .min(0, 'must be at least 0')
      .optional(),
  })
  const route = createRoute({
    method: 'post',
    path: '/v1/missions/{reference}/stop',
    summary: 'Ask a mission to end, then end it; answers when its process tree is empty',
    request: { params: reference, body: { content: { 'application/json': { schema: body } } } },
    responses: {
      200: json('The mission, exited', missionSchema),
      400: problem,
      404: problem,
      409: problem,
      507: problem,
    },
  })
  api.openAPIRegistry.registerPath(route)
  api.post('/v1/missions/:reference/stop', async (c) => {
    const { timeout_ms: timeoutMs } = await readBody(c, body)
    const mission = runtime.get(c.req.param('reference'))
    await mission.stop(timeoutMs === undefined ? {} : { timeoutMs })
    return c.json(missionView(mission), 200)
  })
}
