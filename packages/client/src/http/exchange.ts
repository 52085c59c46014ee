import { connect, type Socket } from 'node:net'
import { type Head, MalformedResponse, responseDecoder } from './decode.ts'

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly accept: string
  /** Sent as JSON. */
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
}

export interface Response extends Head {
  /** The body as it arrives, read no faster than it is taken; leaving it early closes the connection. */
  readonly body: AsyncGenerator<Buffer, void, undefined>
}

/**
 * One request and its response over a connection of its own: on a Unix socket a connection costs less than
 * finding out whether an old one is still good.
 *
 * @throws the system's error, `MalformedResponse`, or the signal's reason
 */
export async function exchange(path: string, request: Request): Promise<Response> {
  const { signal } = request
  signal?.throwIfAborted()
  const socket = connect({ path, ...(signal && { signal }) })
  socket.write(encode(request))
  const parts = readParts(socket)
  try {
    const first = await parts.next()
    if (first.done === true || Buffer.isBuffer(first.value)) throw new MalformedResponse('there is no head')
    return { ...first.value, body: bodyOf(parts, signal) }
  } catch (error) {
    socket.destroy()
    signal?.throwIfAborted()
    throw error
  }
}

function encode({ method, path, accept, body }: Request): string {
  const content = body === undefined ? '' : JSON.stringify(body)
  const head = [
    `${method} ${path} HTTP/1.1`,
    'host: overmind',
    `accept: ${accept}`,
    'connection: close',
    ...(body === undefined
      ? []
      : ['content-type: application/json', `content-length: ${Buffer.byteLength(content)}`]),
  ]
  return `${head.join('\r\n')}\r\n\r\n${content}`
}

/** The head, then the bytes of the body. By events, because a stream's own iterator takes a moment to set up. */
async function* readParts(socket: Socket): AsyncGenerator<Head | Buffer, void, undefined> {
  const decoder = responseDecoder()
  const chunks: Buffer[] = []
  let over: { readonly error?: Error } | undefined
  let wake = (): void => {}
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    // Nothing more before this has been taken.
    socket.pause()
    wake()
  })
  socket.once('error', (error) => {
    over = { error }
    wake()
  })
  socket.once('close', () => {
    over ??= {}
    wake()
  })
  try {
    for (;;) {
      const chunk = chunks.shift()
      if (chunk !== undefined) {
        for (const part of decoder.push(chunk)) {
          if (part.kind === 'end') return
          yield part.kind === 'head' ? part.head : part.bytes
        }
      } else if (over === undefined) {
        const news = new Promise<void>((resolve) => (wake = resolve))
        socket.resume()
        await news
      } else {
        throw (
          over.error ??
          Object.assign(new Error('the connection ended within the response'), { code: 'ECONNRESET' })
        )
      }
    }
  } finally {
    socket.destroy()
  }
}

async function* bodyOf(
  parts: AsyncGenerator<Head | Buffer, void, undefined>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    for await (const part of parts) if (Buffer.isBuffer(part)) yield part
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  }
}
