import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A server on a Unix socket that remembers what it was asked. */
export interface Stub extends AsyncDisposable {
  readonly home: string
  readonly requests: {
    readonly method: string
    readonly url: string
    readonly accept: string
    readonly body: string
  }[]
  readonly server: Server
}

export async function stubServer(answer: RequestListener): Promise<Stub> {
  const home = await mkdtemp(join(tmpdir(), 'overmind-client-'))
  const requests: Stub['requests'] = []
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const { method = '', url = '', headers } = request
      requests.push({ method, url, accept: headers.accept ?? '', body })
      answer(request, response)
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(join(home, 'overmind.sock'), resolve)
  })
  return {
    home,
    requests,
    server,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => {
        server.close(resolve)
      })
      await rm(home, { recursive: true })
    },
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
