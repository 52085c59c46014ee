import type { Context } from 'hono'

type Source<T> = (signal: AbortSignal) => AsyncIterable<T>

/** A response that is written as its reader takes it, and ends its source when the reader goes away. */
function streamed(c: Context, contentType: string, source: Source<Uint8Array>): Response {
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
        const next = await pieces.next()
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

export function bytesStream(c: Context, contentType: string, source: Source<Uint8Array>): Response {
  return streamed(c, contentType, source)
}

const encoder = new TextEncoder()

/** Objects as NDJSON, or as server-sent events to those who ask for them; `id` is what a reader resumes from. */
export function objectStream<T extends object>(
  c: Context,
  source: Source<T>,
  id: (value: T) => number | undefined,
): Response {
  const asEvents = c.req.header('accept')?.includes('text/event-stream') ?? false
  const encode = (value: T): Uint8Array => {
    const json = JSON.stringify(value)
    if (!asEvents) return encoder.encode(`${json}\n`)
    const number = id(value)
    return encoder.encode(`${number === undefined ? '' : `id: ${number}\n`}data: ${json}\n\n`)
  }
  return streamed(c, asEvents ? 'text/event-stream' : 'application/x-ndjson', async function* (signal) {
    // Something at once, so that a reader knows it is connected.
    yield encoder.encode(asEvents ? ': connected\n\n' : '\n')
    for await (const value of source(signal)) yield encode(value)
  })
}
