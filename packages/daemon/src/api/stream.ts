import { OvermindError } from '@overmind/core'
import type { Context } from 'hono'

type Source<T> = (signal: AbortSignal) => AsyncIterable<T>

export interface BytesStream {
  readonly contentType: string
  readonly source: Source<Uint8Array>
  /** Told of what went wrong behind the head of the answer: its reader sees no more than that it breaks off. */
  onError(error: unknown): void
}

/** A response that is written as its reader takes it, and ends its source when the reader goes away. */
export function bytesStream(c: Context, { contentType, source, onError }: BytesStream): Response {
  const gone = new AbortController()
  const pieces = source(gone.signal)[Symbol.asyncIterator]()
  /** A source that waits is woken by its signal, one that has handed something out is ended where it stands. */
  async function end(): Promise<void> {
    gone.abort()
    await pieces.return?.()
  }
  c.req.raw.signal.addEventListener('abort', () => void end(), { once: true })
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await pieces.next().catch((error: unknown) => {
          if (!gone.signal.aborted && !isEnd(error)) onError(error)
          throw error
        })
        if (next.done === true) controller.close()
        else controller.enqueue(next.value)
      },
      cancel: end,
    },
    { highWaterMark: 1 },
  )
  return c.body(body, 200, {
    'content-type': contentType,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
}

/** Where a browser that reconnects says it was: that counts, and not the address it keeps. */
export function resumedAfter(c: Context, since: number | undefined): number | undefined {
  const number = c.req.header('last-event-id') ?? ''
  return /^\d{1,15}$/.test(number) ? Number(number) : since
}

/** The daemon ends, and with it the stream: its reader may ask the next one. */
function isEnd(error: unknown): boolean {
  return error instanceof OvermindError && error.code === 'runtime_closed'
}

const encoder = new TextEncoder()

export interface ObjectStream<T> extends Pick<BytesStream, 'onError'> {
  readonly source: Source<T>
  /** What a reader resumes from. Default: none can. */
  id?(value: T): number | undefined
}

/** Objects as NDJSON, or as server-sent events to those who ask for them. */
export function objectStream<T extends object>(
  c: Context,
  { source, id = () => undefined, onError }: ObjectStream<T>,
): Response {
  const asEvents = c.req.header('accept')?.includes('text/event-stream') ?? false
  const encode = (value: T): Uint8Array => {
    const json = JSON.stringify(value)
    if (!asEvents) return encoder.encode(`${json}\n`)
    const number = id(value)
    return encoder.encode(`${number === undefined ? '' : `id: ${number}\n`}data: ${json}\n\n`)
  }
  return bytesStream(c, {
    contentType: asEvents ? 'text/event-stream' : 'application/x-ndjson',
    onError,
    source: async function* (signal) {
      // Something at once, so that a reader knows it is connected.
      yield encoder.encode(asEvents ? ': connected\n\n' : '\n')
      for await (const value of source(signal)) yield encode(value)
    },
  })
}
