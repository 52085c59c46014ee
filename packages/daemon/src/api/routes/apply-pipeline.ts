import { createRoute } from '@hono/zod-openapi'
import { applyBlueprint } from '@overmind/blueprint'
import { json, problem } from '../answers.ts'
import { readBody } from '../body.ts'
import type { Register } from '../context.ts'
import { pipelineRequestSchema, pipelineSchema } from '../schemas.ts'
import { missionView } from '../views.ts'

export const applyPipeline: Register = (api, { runtime }) => {
  const route = createRoute({
    method: 'post',
    path: '/v1/pipelines',
    summary: 'Bring about what a blueprint declares; answers when its pipeline is at work',
    request: { body: { required: true, content: { 'application/json': { schema: pipelineRequestSchema } } } },
    responses: { 200: json('What became of it', pipelineSchema), 400: problem, 409: problem, 507: problem },
  })
  api.openAPIRegistry.registerPath(route)
  api.post('/v1/pipelines', async (c) => {
    const { document, ...options } = await readBody(c, pipelineRequestSchema)
    const { mission, outcome, changes } = await applyBlueprint(runtime, document, options)
    return c.json({ mission: missionView(mission), outcome, changes }, 200)
  })
}
