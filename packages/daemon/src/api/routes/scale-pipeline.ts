import { createRoute, z } from '@hono/zod-openapi'
import { scalePipeline as scale } from '@overmind/blueprint'
import { json, problem } from '../answers.ts'
import { readBody } from '../body.ts'
import type { Register } from '../context.ts'
import { pipelineSchema } from '../schemas.ts'
import { missionView } from '../views.ts'

const body = z.strictObject({ replicas: z.record(z.string(), z.int('must be a whole number')) })

export const scalePipeline: Register = (api, { runtime }) => {
  const route = createRoute({
    method: 'post',
    path: '/v1/pipelines/{name}/scale',
    summary: 'Change how many copies of agents there are',
    request: {
      params: z.object({ name: z.string() }),
      body: { required: true, content: { 'application/json': { schema: body } } },
    },
    responses: {
      200: json('What became of it', pipelineSchema),
      400: problem,
      404: problem,
      409: problem,
      507: problem,
    },
  })
  api.openAPIRegistry.registerPath(route)
  api.post('/v1/pipelines/:name/scale', async (c) => {
    const { replicas } = await readBody(c, body)
    const { mission, outcome, changes } = await scale(runtime, c.req.param('name'), replicas)
    return c.json({ mission: missionView(mission), outcome, changes }, 200)
  })
}
