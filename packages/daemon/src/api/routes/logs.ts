import { createRoute, z } from '@hono/zod-openapi'
import type { Mission } from '@overmind/core'
import { composeLog } from '../../logs/compose.ts'
import type { LogOptions } from '../../logs/piece.ts'
import { logLines } from '../../logs/lines.ts'
import { flag, moment, problem, reference, stream, whole } from '../answers.ts'
import type { Register } from '../context.ts'
import { bytesStream, objectStream } from '../stream.ts'

const encoder = new TextEncoder()

export const logs: Register = (api, { runtime, onError }) => {
  const route = createRoute({
    method: 'get',
    path: '/v1/missions/{reference}/logs',
    summary: 'The output of a mission: as text just as it wrote it, as NDJSON line by line',
    request: {
      params: reference,
      query: z.object({
        run: whole(1).openapi({ type: 'integer', description: 'Only this run. Default: all' }),
        tail: whole(0).openapi({ type: 'integer', description: 'Only this many lines, the last' }),
        since: moment.openapi({
          type: 'string',
          description: 'Only what was written since, as ISO 8601 or milliseconds since 1970',
        }),
        follow: flag.openapi({ description: 'Go on until the mission has exited' }),
        raw: flag.openapi({ description: 'What an agent that talks wrote, and not what it says' }),
        timestamps: flag.openapi({ description: 'Put its time before each line of text' }),
      }),
    },
    responses: {
      200: stream('The output', 'text/plain', 'application/x-ndjson', 'text/event-stream'),
      400: problem,
      404: problem,
      409: problem,
    },
  })
  api.openapi(route, (c) => {
    const mission = runtime.get(c.req.valid('param').reference)
    const { run, tail, since, follow, raw, timestamps } = c.req.valid('query')
    // Before the answer begins, so that a wrong number is an error and not an empty log.
    if (run !== undefined) mission.output({ run, follow: false })
    const options = (signal: AbortSignal): LogOptions => ({
      follow,
      raw,
      signal,
      ...(run === undefined ? {} : { run }),
      ...(tail === undefined ? {} : { tail }),
      ...(since === undefined ? {} : { since }),
    })
    const accept = c.req.header('accept') ?? ''
    if (accept.includes('ndjson') || accept.includes('event-stream')) {
      return objectStream(c, { source: (signal) => logLines(mission, options(signal)), onError })
    }
    const source = (signal: AbortSignal): AsyncIterable<Uint8Array> =>
      timestamps ? stampedText(mission, options(signal)) : plainText(mission, options(signal))
    return bytesStream(c, { contentType: 'text/plain; charset=utf-8', source, onError })
  })
}

async function* plainText(mission: Mission, options: LogOptions): AsyncGenerator<Uint8Array> {
  let atLineStart = true
  for await (const piece of composeLog(mission, options)) {
    if (piece.kind === 'bytes') {
      yield piece.bytes
      atLineStart = piece.bytes.at(-1) === 10
    } else {
      yield encoder.encode(`${atLineStart ? '' : '\n'}${piece.text}\n`)
      atLineStart = true
    }
  }
}

async function* stampedText(mission: Mission, options: LogOptions): AsyncGenerator<Uint8Array> {
  let inLine = false
  for await (const { at, text, partial } of logLines(mission, options)) {
    yield encoder.encode(`${inLine ? '' : `${at ?? '-'} `}${text}${partial === true ? '' : '\n'}`)
    inLine = partial === true
  }
}
