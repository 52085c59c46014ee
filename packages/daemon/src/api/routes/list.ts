import { createRoute, z } from '@hono/zod-openapi'
import { OvermindError } from '@overmind/core'
import { flag, json, problem } from '../answers.ts'
import type { Register } from '../context.ts'
import { missionFilter } from '../filter.ts'
import { missionListSchema } from '../schemas.ts'
import { isMissionField, MISSION_FIELDS, missionFields } from '../views.ts'

export const list: Register = (api, { runtime }) => {
  const route = createRoute({
    method: 'get',
    path: '/v1/missions',
    summary: 'Missions, the oldest first, with the revision to watch from',
    request: {
      query: z.object({
        all: flag.openapi({ description: 'Killed ones too' }),
        filter: z
          .union([z.string(), z.array(z.string())])
          .optional()
          .openapi({ description: '`key=value`, may be given several times' }),
        fields: z.string().optional().openapi({ description: 'Only these fields, separated by commas' }),
      }),
    },
    responses: { 200: json('The missions', missionListSchema), 400: problem },
  })
  api.openapi(route, (c) => {
    const { all, fields } = c.req.valid('query')
    const wanted = missionFilter(c.req.queries('filter') ?? [], all)
    const names = fields?.split(',') ?? MISSION_FIELDS
    const unknown = names.find((name) => !isMissionField(name))
    if (unknown !== undefined) {
      throw new OvermindError(
        'invalid_request',
        `fields must be of ${MISSION_FIELDS.join(', ')}: got ${JSON.stringify(unknown)}`,
        { field: 'fields' },
      )
    }
    const columns = names.filter(isMissionField)
    const missions = runtime.list().filter(wanted)
    const body = {
      revision: runtime.revision(),
      missions: missions.map((mission) => missionFields(mission, columns)),
    }
    return c.body(JSON.stringify(body), 200, { 'content-type': 'application/json' })
  })
}
