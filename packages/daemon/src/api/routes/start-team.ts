import { createRoute } from '@hono/zod-openapi'
import { json, problem } from '../answers.ts'
import { readJson } from '../body.ts'
import type { Register } from '../context.ts'
import { teamInput } from '../input.ts'
import { teamRequestSchema, teamSchema } from '../schemas.ts'
import { teamView } from '../views.ts'

export const startTeam: Register = (api, { runtime }) => {
  const route = createRoute({
    method: 'post',
    path: '/v1/teams',
    summary: 'Start missions that are supervised as one; answers when all have started',
    request: { body: { required: true, content: { 'application/json': { schema: teamRequestSchema } } } },
    responses: { 201: json('The team', teamSchema), 400: problem, 404: problem, 409: problem, 507: problem },
  })
  // As with a mission, the runtime checks what it is given.
  api.openAPIRegistry.registerPath(route)
  api.post('/v1/teams', async (c) => {
    const team = await runtime.supervisor(teamInput(await readJson(c)))
    return c.json(teamView(team), 201)
  })
}
