/** A web server that hooks are pointed at. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { EventView, MissionView } from '../../src/index.ts'

export interface Told {
  readonly hook: string
  readonly delivery: string
  readonly event: EventView
  readonly mission: MissionView | null
}

export interface Request {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly told: Told
  /** Milliseconds of a clock that does not jump. */
  readonly at: number
}

export interface Receiver extends AsyncDisposable {
  readonly url: string
  readonly requests: readonly Request[]
  /** Names of what has come, in its order; what came again stands there again. */
  deliveries(): readonly string[]
}

/** Answers each request as it is told; one that is not answered is left waiting. Default: 204. */
export async function receiver(
  answer: (request: Request, response: ServerResponse, count: number) => void = (_, response) =>
    void response.writeHead(204).end(),
): Promise<Receiver> {
  const requests: Request[] = []
  const server = createServer((incoming, response) => {
    void text(incoming).then((body) => {
      const { url: path = '', headers } = incoming
      const request: Request = { path, headers, body, told: JSON.parse(body), at: performance.now() }
      requests.push(request)
      answer(request, response, requests.length)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // of TCP, as it was asked to listen
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    deliveries: () => requests.map(({ told }) => told.delivery),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
