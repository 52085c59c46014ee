import { createRoute, z } from '@hono/zod-openapi'
import { json, problem } from '../answers.ts'
import type { Register } from '../context.ts'
import { prunedSchema } from '../schemas.ts'

export const prune: Register = (api, { runtime }) => {
  const body = z.strictObject({
    older_than_ms: z
      .number('must be a number')
      .int('must be a whole number')
      .min(0, 'must be at least 0')
      .default(0),
  })
  const route = createRoute({
    method: 'post',
    path: '/v1/prune',
    summary: 'Forget all missions that exited long enough ago',
    request: { body: { content: { 'application/json': { schema: body } } } },
    responses: { 200: json('The missions that are forgotten now', prunedSchema), 400: problem, 507: problem },
  })
  api.openapi(route, async (c) => {
    const before = Date.now() - c.req.valid('json').older_than_ms
    const old = runtime.list().filter((mission) => {
      const { exit } = mission.view().state
      return exit !== null && exit.at <= before
    })
    for (const { id } of old) await runtime.remove(id)
    return c.json({ removed: old.map(({ id }) => id) }, 200)
  })
}
