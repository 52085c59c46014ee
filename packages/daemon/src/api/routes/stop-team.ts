import { createRoute, z } from '@hono/zod-openapi'
import { OvermindError } from '@overmind/core'
import { json, problem } from '../answers.ts'
import type { Register } from '../context.ts'
import { teamSchema } from '../schemas.ts'
import { teamView } from '../views.ts'

export const stopTeam: Register = (api, { runtime }) => {
  const route = createRoute({
    method: 'post',
    path: '/v1/teams/{name}/stop',
    summary: 'End all members in reverse order; answers when none of their processes is left',
    request: { params: z.object({ name: z.string() }) },
    responses: { 200: json('The team, over', teamSchema), 404: problem, 409: problem, 507: problem },
  })
  api.openapi(route, async (c) => {
    const { name } = c.req.valid('param')
    const team = runtime.teams().find((each) => each.name === name)
    if (team === undefined) throw new OvermindError('not_found', `there is no team ${name}`, { value: name })
    if (team.view().outcome !== undefined) {
      throw new OvermindError('not_running', `the team ${name} is over`, { value: name })
    }
    await team.stop()
    return c.json(teamView(team), 200)
  })
}
