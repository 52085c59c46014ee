import { createRoute } from '@hono/zod-openapi'
import { type MissionInput, OvermindError } from '@overmind/core'
import { json, problem } from '../answers.ts'
import { readJson } from '../body.ts'
import type { Register } from '../context.ts'
import { missionSchema, startSchema } from '../schemas.ts'
import { camelCase, missionView } from '../views.ts'

export const start: Register = (api, { runtime }) => {
  const route = createRoute({
    method: 'post',
    path: '/v1/missions',
    summary: 'Start a mission',
    request: { body: { required: true, content: { 'application/json': { schema: startSchema } } } },
    responses: { 201: json('The mission, running', missionSchema), 400: problem, 409: problem, 507: problem },
  })
  // The runtime checks what it is given, once, and its errors name the field; the schema above is for readers.
  api.openAPIRegistry.registerPath(route)
  api.post('/v1/missions', async (c) => {
    const body = await readJson(c)
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      throw new OvermindError('invalid_request', 'the body must be a JSON object with at least a command')
    }
    const unknown = Object.keys(body).find((name) => /[A-Z]/.test(name))
    if (unknown !== undefined)
      throw new OvermindError('invalid_spec', `${unknown}: no such field`, { field: unknown })
    const input = Object.fromEntries(Object.entries(body).map(([name, value]) => [camelCase(name), value]))
    // Checked by `start` itself, rule by rule.
    const mission = await runtime.start(input as unknown as MissionInput)
    return c.json(missionView(mission), 201)
  })
}
