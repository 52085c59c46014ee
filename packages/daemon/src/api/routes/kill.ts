import { createRoute, z } from '@hono/zod-openapi'
import { json, problem, reference } from '../answers.ts'
import { readBody } from '../body.ts'
import type { Register } from '../context.ts'
import { missionSchema } from '../schemas.ts'
import { missionView } from '../views.ts'

export const kill: Register = (api, { runtime }) => {
  const body = z.strictObject({
    cascade: z
      .boolean('must be true or false')
      .optional()
      .openapi({ description: 'First all that belongs to it, children before their parents' }),
  })
  const route = createRoute({
    method: 'post',
    path: '/v1/missions/{reference}/kill',
    summary: 'SIGKILL to the whole process tree; answers when it is empty',
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
  api.post('/v1/missions/:reference/kill', async (c) => {
    const { cascade = false } = await readBody(c, body)
    const mission = runtime.get(c.req.param('reference'))
    await mission.kill({ cascade })
    return c.json(missionView(mission), 200)
  })
}
