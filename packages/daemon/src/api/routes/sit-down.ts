import { createRoute, z } from '@hono/zod-openapi'
import { json, problem, reference } from '../answers.ts'
import { readBody } from '../body.ts'
import type { Register } from '../context.ts'
import { missionSchema } from '../schemas.ts'
import { missionView } from '../views.ts'

export const sitDown: Register = (api, { runtime }) => {
  const side = z.number('must be a number').int('must be a whole number').min(1).max(1000).optional()
  const body = z.strictObject({ columns: side, rows: side, interrupt: z.boolean().optional() })
  const route = createRoute({
    method: 'put',
    path: '/v1/missions/{reference}/terminal',
    summary:
      'Put an agent on its own terminal, at the end of its turn or at once; answers when people can attach',
    request: { params: reference, body: { content: { 'application/json': { schema: body } } } },
    responses: {
      200: json('The mission', missionSchema),
      400: problem,
      404: problem,
      409: problem,
      507: problem,
    },
  })
  api.openAPIRegistry.registerPath(route)
  api.put('/v1/missions/:reference/terminal', async (c) => {
    const mission = runtime.get(c.req.param('reference'))
    await mission.sitDown({ ...(await readBody(c, body)), signal: c.req.raw.signal })
    return c.json(missionView(mission), 200)
  })
}
