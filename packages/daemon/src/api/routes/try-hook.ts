import { createRoute, z } from '@hono/zod-openapi'
import { json, problem } from '../answers.ts'
import type { Register } from '../context.ts'
import { hookTestSchema } from '../schemas.ts'

export const tryHook: Register = (api, { hooks }) => {
  const route = createRoute({
    method: 'post',
    path: '/v1/hooks/{name}/test',
    summary: 'Send a hook something now, once',
    request: { params: z.object({ name: z.string() }) },
    responses: { 200: json('Whether it arrived', hookTestSchema), 404: problem },
  })
  api.openapi(route, async (c) => c.json(await hooks.test(c.req.valid('param').name), 200))
}
