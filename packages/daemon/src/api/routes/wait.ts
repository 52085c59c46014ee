import { createRoute, z } from '@hono/zod-openapi'
import { json, problem, reference, whole } from '../answers.ts'
import type { Register } from '../context.ts'
import { missionSchema } from '../schemas.ts'
import { missionView } from '../views.ts'
import { within } from '../within.ts'

export const wait: Register = (api, { runtime }) => {
  const route = createRoute({
    method: 'get',
    path: '/v1/missions/{reference}/wait',
    summary: 'Answers when the mission has exited',
    request: {
      params: reference,
      query: z.object({
        timeout_ms: whole(0).openapi({
          type: 'integer',
          description: 'Give up after this many milliseconds. Default: never',
        }),
      }),
    },
    responses: { 200: json('The mission, exited', missionSchema), 404: problem, 408: problem, 409: problem },
  })
  api.openapi(route, async (c) => {
    const mission = runtime.get(c.req.valid('param').reference)
    const timeoutMs = c.req.valid('query').timeout_ms
    const late = `timeout: mission ${mission.id} had not finished after ${timeoutMs} ms`
    await within(c, { timeoutMs, late }, (signal) => mission.exited({ signal }))
    return c.json(missionView(mission), 200)
  })
}
