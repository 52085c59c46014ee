import { createRoute } from '@hono/zod-openapi'
import { json, problem } from '../answers.ts'
import type { Register } from '../context.ts'
import { reloadedSchema } from '../schemas.ts'

export const reload: Register = (api, context) => {
  const route = createRoute({
    method: 'post',
    path: '/v1/reload',
    summary: 'Read the settings again; a file that is wrong changes nothing',
    responses: { 200: json('What holds from now on', reloadedSchema), 409: problem, 507: problem },
  })
  api.openapi(route, (c) => c.json(context.reload(), 200))
}
