import { createRoute, z } from '@hono/zod-openapi'
import { forgetMission, neededBy } from '@overmind/blueprint'
import type { Mission } from '@overmind/core'
import { json, problem } from '../answers.ts'
import { readBody } from '../body.ts'
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
    summary:
      'Forget all missions that exited long enough ago, but for what pipelines and rituals at work go by',
    request: { body: { content: { 'application/json': { schema: body } } } },
    responses: { 200: json('The missions that are forgotten now', prunedSchema), 400: problem, 507: problem },
  })
  api.openAPIRegistry.registerPath(route)
  api.post('/v1/prune', async (c) => {
    const { older_than_ms: age } = await readBody(c, body)
    const before = Date.now() - age
    const needed = neededBy(runtime)
    const old = runtime.list().filter((mission) => {
      const { exit } = mission.view().state
      return exit !== null && exit.at <= before && needed(mission) === undefined
    })
    const removed = new Set<Mission>()
    const rest = old.values()
    const forgetRest = async (): Promise<void> => {
      for (const mission of rest) if (await forgetMission(runtime, mission)) removed.add(mission)
    }
    await Promise.all(Array.from({ length: AT_A_TIME }, forgetRest))
    return c.json({ removed: old.filter((mission) => removed.has(mission)).map(({ id }) => id) }, 200)
  })
}

/** While files of some are deleted, others are forgotten. */
const AT_A_TIME = 8
