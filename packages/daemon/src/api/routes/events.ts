import { createRoute, z } from '@hono/zod-openapi'
import { seq } from '@overmind/core'
import { flag, problem, stream, whole } from '../answers.ts'
import type { Register } from '../context.ts'
import { objectStream, resumedAfter } from '../stream.ts'
import type { EventView, GapView } from '../types.ts'
import { eventView } from '../views.ts'

export const events: Register = (api, { runtime, onError }) => {
  const route = createRoute({
    method: 'get',
    path: '/v1/events',
    summary: 'The journal, from a number on',
    request: {
      query: z.object({
        since: whole(0).openapi({
          type: 'integer',
          description: 'Only events with a greater number. Default: 0, the beginning',
        }),
        mission: z.string().optional().openapi({ description: 'Only events of this mission' }),
        follow: flag.openapi({ description: 'Go on with what happens from now' }),
      }),
    },
    responses: {
      200: stream('One event a line', 'application/x-ndjson', 'text/event-stream'),
      400: problem,
      404: problem,
    },
  })
  api.openapi(route, (c) => {
    const { since, mission, follow } = c.req.valid('query')
    const after = seq(resumedAfter(c, since) ?? 0)
    const id = mission === undefined ? undefined : runtime.get(mission).id
    const source = async function* (signal: AbortSignal): AsyncGenerator<EventView | GapView> {
      const journal = runtime.events({
        since: after,
        follow,
        signal,
        ...(id === undefined ? {} : { mission: id }),
      })
      for await (const event of journal) yield eventView(event)
    }
    return objectStream(c, {
      source,
      id: (event) => ('seq' in event && typeof event.seq === 'number' ? event.seq : undefined),
      onError,
    })
  })
}
