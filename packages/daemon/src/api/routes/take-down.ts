import { createRoute, z } from '@hono/zod-openapi'
import { takeDown as takePipelineDown } from '@overmind/blueprint'
import { json, problem } from '../answers.ts'
import type { Register } from '../context.ts'

export const takeDown: Register = (api, { runtime }) => {
  const route = createRoute({
    method: 'post',
    path: '/v1/pipelines/{name}/down',
    summary: 'End a pipeline and all its agents, and forget them',
    request: { params: z.object({ name: z.string() }) },
    responses: {
      200: json('How many missions are forgotten', z.object({ removed: z.int() })),
      404: problem,
      507: problem,
    },
  })
  api.openapi(route, async (c) =>
    c.json({ removed: await takePipelineDown(runtime, c.req.valid('param').name) }, 200),
  )
}
