import { createRoute, z } from '@hono/zod-openapi'
import { json } from '../answers.ts'
import type { Register } from '../context.ts'
import { teamSchema } from '../schemas.ts'
import { teamView } from '../views.ts'

export const teams: Register = (api, { runtime }) => {
  const route = createRoute({
    method: 'get',
    path: '/v1/teams',
    summary: 'Teams of missions, those that are over since the daemon started included',
    responses: { 200: json('The teams', z.object({ teams: z.array(teamSchema) })) },
  })
  api.openapi(route, (c) => c.json({ teams: runtime.teams().map(teamView) }, 200))
}
