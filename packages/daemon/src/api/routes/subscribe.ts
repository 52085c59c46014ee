import { createRoute, z } from '@hono/zod-openapi'
import { flag, problem, reference, stream } from '../answers.ts'
import type { Register } from '../context.ts'
import { objectStream } from '../stream.ts'
import { spokenBy } from '../../logs/spoken.ts'

export const subscribe: Register = (api, { runtime, onError }) => {
  const route = createRoute({
    method: 'get',
    path: '/v1/missions/{reference}/subscribe',
    summary: 'What a mission says, as it says it, and how it ends',
    request: {
      params: reference,
      query: z.object({
        all: flag.openapi({
          description: 'Begin with what it has said before. Default: with what it says next',
        }),
      }),
    },
    responses: {
      200: stream('One object a line', 'application/x-ndjson', 'text/event-stream'),
      404: problem,
      409: problem,
    },
  })
  api.openapi(route, (c) => {
    const mission = runtime.get(c.req.valid('param').reference)
    const { all } = c.req.valid('query')
    return objectStream(c, { source: (signal) => spokenBy(mission, { all, signal }), onError })
  })
}
