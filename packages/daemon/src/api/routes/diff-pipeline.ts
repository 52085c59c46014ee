import { createRoute, z } from '@hono/zod-openapi'
import { checkDocument, diffBlueprint } from '@overmind/blueprint'
import { json, problem } from '../answers.ts'
import { readBody } from '../body.ts'
import type { Register } from '../context.ts'
import { changesSchema, pipelineRequestSchema } from '../schemas.ts'

export const diffPipeline: Register = (api, { runtime }) => {
  const route = createRoute({
    method: 'post',
    path: '/v1/pipelines/diff',
    summary: 'What applying a blueprint would change; nothing is done',
    request: { body: { required: true, content: { 'application/json': { schema: pipelineRequestSchema } } } },
    responses: { 200: json('The changes', z.object({ changes: changesSchema })), 400: problem },
  })
  api.openAPIRegistry.registerPath(route)
  api.post('/v1/pipelines/diff', async (c) => {
    const { document } = await readBody(c, pipelineRequestSchema)
    return c.json({ changes: diffBlueprint(runtime, checkDocument(document)) }, 200)
  })
}
