import { createRoute } from '@hono/zod-openapi'
import { OvermindError } from '@overmind/core'
import { json, problem, reference } from '../answers.ts'
import type { Register } from '../context.ts'
import { answerSchema } from '../schemas.ts'
import { answerView } from '../views.ts'

export const result: Register = (api, { runtime }) => {
  const route = createRoute({
    method: 'get',
    path: '/v1/missions/{reference}/result',
    summary: 'The last answer of an agent',
    request: { params: reference },
    responses: { 200: json('The answer', answerSchema), 404: problem, 409: problem },
  })
  api.openapi(route, async (c) => {
    const mission = runtime.get(c.req.valid('param').reference)
    const found = await mission.result()
    if (found === null) {
      throw new OvermindError(
        'no_result',
        mission.talk === null
          ? `mission ${mission.id} is a command: it has output and an exit code, and no result`
          : `mission ${mission.id} has not answered anything yet`,
      )
    }
    return c.json(answerView(found, null), 200)
  })
}
