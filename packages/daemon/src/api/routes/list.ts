import { createRoute, z } from '@hono/zod-openapi'
import { type Mission, type MissionView, OvermindError } from '@overmind/core'
import { missionTable } from '../../text/mission-table.ts'
import { coloured, plain } from '../../text/paint.ts'
import { flag, problem, whole } from '../answers.ts'
import type { Register } from '../context.ts'
import { missionFilter } from '../filter.ts'
import { missionListSchema } from '../schemas.ts'
import { isMissionField, MISSION_FIELDS, type MissionField, missionFields, missionRow } from '../views.ts'

/** How many choices of fields are remembered: people's tools ask for few. */
const REMEMBERED = 4

/**
 * Writes missions as JSON. A mission's view is replaced and never changed, so what was written for one
 * holds as long as it is the mission's view: a list of a thousand costs a thousand look-ups.
 */
function missionWriter(): (columns: readonly MissionField[]) => (mission: Mission) => string {
  const written = new Map<string, WeakMap<MissionView, string>>()
  return (columns) => {
    const write = (mission: Mission): string => JSON.stringify(missionFields(mission, columns))
    // The time of the last output is on the disk and not in the state.
    if (columns.includes('last_activity')) return write
    const key = columns.join()
    const known = written.get(key) ?? new WeakMap<MissionView, string>()
    if (written.size >= REMEMBERED && !written.has(key)) written.clear()
    written.set(key, known)
    return (mission) => {
      const view = mission.view()
      const text = known.get(view) ?? write(mission)
      known.set(view, text)
      return text
    }
  }
}

export const list: Register = (api, { runtime }) => {
  const writer = missionWriter()
  const route = createRoute({
    method: 'get',
    path: '/v1/missions',
    summary: 'Missions, the oldest first, with the revision to watch from; as text the table that people see',
    request: {
      query: z.object({
        all: flag.openapi({ description: 'Killed ones too' }),
        filter: z
          .union([z.string(), z.array(z.string())])
          .optional()
          .openapi({ description: '`key=value`, may be given several times' }),
        fields: z.string().optional().openapi({ description: 'Only these fields, separated by commas' }),
        tree: flag.openapi({ description: 'As text: children under their parents' }),
        columns: whole(1).openapi({ type: 'integer', description: 'The width of the table. Default: any' }),
        colours: flag.openapi({ description: 'With the colours of a terminal' }),
      }),
    },
    responses: {
      200: {
        description: 'The missions',
        content: {
          'application/json': { schema: missionListSchema },
          'text/plain': { schema: z.string() },
        },
      },
      400: problem,
    },
  })
  api.openapi(route, (c) => {
    const { all, fields, columns, colours, tree } = c.req.valid('query')
    const found = runtime.list().filter(missionFilter(c.req.queries('filter') ?? [], all))
    if (c.req.header('accept')?.includes('text/plain') === true) {
      const paint = colours ? coloured : plain
      const options = { now: Date.now(), paint, columns, tree }
      return c.text(`${missionTable(found.map(missionRow), options).join('\n')}\n`, 200)
    }
    const names = fields?.split(',') ?? MISSION_FIELDS
    const unknown = names.find((name) => !isMissionField(name))
    if (unknown !== undefined) {
      throw new OvermindError(
        'invalid_request',
        `fields must be of ${MISSION_FIELDS.join(', ')}: got ${JSON.stringify(unknown)}`,
        { field: 'fields' },
      )
    }
    const missions = found.map(writer(names.filter(isMissionField)))
    const body = `{"revision":${runtime.revision()},"missions":[${missions.join(',')}]}`
    return c.body(body, 200, { 'content-type': 'application/json' })
  })
}
