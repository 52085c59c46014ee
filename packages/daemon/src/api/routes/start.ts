import { createRoute } from '@hono/zod-openapi'
import { json, problem } from '../answers.ts'
import { readJson } from '../body.ts'
import type { Register } from '../context.ts'
import { missionInput } from '../input.ts'
import { missionSchema, startSchema } from '../schemas.ts'
import { missionView } from '../views.ts'

export const start: Register = (api, { runtime }) => {
  const route = createRoute({
    method: 'post',
    path: '/v1/missions',
    summary: 'Start a mission',
    request: { body: { required: true, content: { 'application/json': { schema: startSchema } } } },
    responses: {
      201: json('The mission, running', missionSchema),
      400: problem,
      404: problem,
      409: problem,
      507: problem,
    },
  })
  // The runtime checks what it is given, once, and its errors name the field; the schema above is for readers.
  api.openAPIRegistry.registerPath(route)
  api.post('/v1/missions', async (c) => {
    const mission = await runtime.start(missionInput(await readJson(c)))
    return c.json(missionView(mission), 201)
  })
}
