import { createRoute } from '@hono/zod-openapi'
import { neededBy } from '@overmind/blueprint'
import { OvermindError } from '@overmind/core'
import { problem, reference } from '../answers.ts'
import type { Register } from '../context.ts'

export const remove: Register = (api, { runtime }) => {
  const route = createRoute({
    method: 'delete',
    path: '/v1/missions/{reference}',
    summary: 'Forget an exited mission, its events and its output',
    request: { params: reference },
    responses: { 204: { description: 'It is forgotten' }, 404: problem, 409: problem, 507: problem },
  })
  api.openapi(route, async (c) => {
    const mission = runtime.get(c.req.valid('param').reference)
    const controller = neededBy(runtime)(mission)
    if (controller !== undefined) {
      const what =
        controller.view().spec.type === 'ritual'
          ? 'the last that was started by the ritual'
          : 'an agent of the pipeline'
      throw new OvermindError(
        'in_use',
        `mission ${mission.id} (${mission.name}) is ${what} ${controller.name}, which is at work and would run it again: stop that first`,
      )
    }
    await runtime.remove(mission.id)
    return c.body(null, 204)
  })
}
