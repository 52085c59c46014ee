import { createRoute, z } from '@hono/zod-openapi'
import { flag, problem, reference, stream, whole } from '../answers.ts'
import type { Register } from '../context.ts'
import { bytesStream } from '../stream.ts'

export const output: Register = (api, { runtime, onError }) => {
  const route = createRoute({
    method: 'get',
    path: '/v1/missions/{reference}/output',
    summary: 'The bytes of one run, exactly as it wrote them',
    request: {
      params: reference,
      query: z.object({
        run: whole(1).openapi({ type: 'integer', description: 'Default: the newest' }),
        from: whole(0).openapi({ type: 'integer', description: 'Offset of the first byte' }),
        follow: flag.openapi({ description: 'Go on until the run is over' }),
      }),
    },
    responses: { 200: stream('The bytes', 'application/octet-stream'), 404: problem, 409: problem },
  })
  api.openapi(route, (c) => {
    const mission = runtime.get(c.req.valid('param').reference)
    const { run, from, follow } = c.req.valid('query')
    const options = { follow, ...(run === undefined ? {} : { run }), ...(from === undefined ? {} : { from }) }
    // Before the answer begins, so that a wrong run is an error and not an empty answer.
    mission.output({ ...options, follow: false })
    return bytesStream(c, {
      contentType: 'application/octet-stream',
      source: (signal) => mission.output({ ...options, signal }),
      onError,
    })
  })
}
