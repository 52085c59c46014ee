import { createRoute, z } from '@hono/zod-openapi'
import { OvermindError } from '@overmind/core'
import { json, problem, reference, whole } from '../answers.ts'
import type { Register } from '../context.ts'
import { missionSchema } from '../schemas.ts'
import { missionView } from '../views.ts'

const LONGEST_MS = 2 ** 31 - 1

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
    const late = new AbortController()
    const error = new OvermindError(
      'timeout',
      `timeout: mission ${mission.id} had not finished after ${timeoutMs} ms`,
    )
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => late.abort(error), Math.min(timeoutMs, LONGEST_MS))
    try {
      await mission.exited({ signal: AbortSignal.any([late.signal, c.req.raw.signal]) })
    } finally {
      clearTimeout(timer)
    }
    return c.json(missionView(mission), 200)
  })
}
