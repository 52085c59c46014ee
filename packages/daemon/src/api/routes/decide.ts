import { createRoute, z } from '@hono/zod-openapi'
import type { Mission, Verdict } from '@overmind/core'
import { json, problem, reference } from '../answers.ts'
import { readBody } from '../body.ts'
import type { Register } from '../context.ts'
import { decisionSchema, missionSchema } from '../schemas.ts'
import type { DecisionRequest } from '../types.ts'
import { missionView } from '../views.ts'

export const decide: Register = (api, { runtime }) => {
  const route = createRoute({
    method: 'post',
    path: '/v1/missions/{reference}/asks/{ask}',
    summary: 'Answer a question of an agent',
    request: {
      params: reference.extend({
        ask: z.string().openapi({ description: 'The question, as `/v1/inbox` names it' }),
      }),
      body: { required: true, content: { 'application/json': { schema: decisionSchema } } },
    },
    responses: {
      200: json('The mission', missionSchema),
      400: problem,
      404: problem,
      409: problem,
      507: problem,
    },
  })
  api.openAPIRegistry.registerPath(route)
  api.post('/v1/missions/:reference/asks/:ask', async (c) => {
    const decision = await readBody(c, decisionSchema)
    const mission = runtime.get(c.req.param('reference'))
    const ask = c.req.param('ask')
    mission.decide(ask, verdictOf(decision, mission, ask))
    return c.json(missionView(mission), 200)
  })
}

function verdictOf(
  { decision, scope, rule, reason }: DecisionRequest,
  mission: Mission,
  ask: string,
): Verdict {
  if (decision === 'deny') return { decision, reason: reason ?? 'a person refused' }
  if (rule !== undefined) return { decision, rule }
  const asked = mission.view().state.conversation?.asks.find(({ id }) => id === ask)
  return { decision, rule: scope === 'session' ? (asked?.rule ?? asked?.tool ?? null) : null }
}
