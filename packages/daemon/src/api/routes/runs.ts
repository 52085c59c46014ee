import { createRoute, z } from '@hono/zod-openapi'
import { RUN_EVENTS, runsOf } from '../../describe/runs.ts'
import { json, problem, reference } from '../answers.ts'
import type { Register } from '../context.ts'
import { runListSchema } from '../schemas.ts'
import { runView } from '../views.ts'

/** More events about one run there are seldom; turns of an agent are the exception, and then fewer runs are told of. */
const EVENTS_PER_RUN = 8

export const runs: Register = (api, { runtime }) => {
  const route = createRoute({
    method: 'get',
    path: '/v1/missions/{reference}/runs',
    summary: 'The runs of a mission, the oldest first: when, how long, how they ended',
    request: {
      params: reference,
      query: z.object({
        limit: z.coerce.number().int().min(1).max(10_000).default(100).openapi({
          description: 'At most so many, the newest',
        }),
      }),
    },
    responses: { 200: json('The runs', runListSchema), 400: problem, 404: problem, 409: problem },
  })
  api.openapi(route, (c) => {
    const { limit } = c.req.valid('query')
    const mission = runtime.get(c.req.valid('param').reference)
    const events = mission.history({ types: RUN_EVENTS, limit: limit * EVENTS_PER_RUN }).toReversed()
    return c.json({ runs: runsOf(events).slice(-limit).map(runView) }, 200)
  })
}
