import { createRoute } from '@hono/zod-openapi'
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
    await runtime.remove(c.req.valid('param').reference)
    return c.body(null, 204)
  })
}
