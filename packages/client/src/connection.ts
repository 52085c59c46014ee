import type { Problem } from '@overmind/daemon'
import { ApiError, ConnectionFailed, DaemonNotRunning, systemCode } from './errors.ts'
import { MalformedResponse } from './http/decode.ts'
import { exchange, type Request, type Response } from './http/exchange.ts'
import { mustBeOurs } from './ownership.ts'

/** So many calls of one client are under way at once; the rest waits its turn. */
const MOST_CALLS = 64
/** The queue of a socket is full for a moment only. */
const BUSY_RETRY_MS = 10
const MOST_BUSY_RETRIES = 200

/** An empty segment, `.` or `..`: on its way such a path becomes another one. */
const OTHER_PATH = /\/\.{0,2}(?:[/?]|$)/

export interface Call extends Omit<Request, 'accept'> {
  readonly accept?: string
}

/** The daemon's answers over one Unix socket, with the errors of this package. */
export interface Connection {
  /** The answer's JSON, or undefined when it has no content. */
  json(call: Call): Promise<unknown>
  /** The same of a call that is answered when a mission is so far. Like a stream it takes no turn, or others would wait for the mission. */
  awaited(call: Call): Promise<unknown>
  /** The answer's body as it comes; what is not read is not sent. */
  bytes(call: Call): AsyncGenerator<Buffer, void, undefined>
}

export function connectTo(socket: string): Connection {
  const turns = limit(MOST_CALLS)

  async function json(call: Call): Promise<unknown> {
    await turns.begin(call.signal)
    try {
      return await awaited(call)
    } finally {
      turns.end()
    }
  }

  async function awaited(call: Call): Promise<unknown> {
    try {
      const text = await readAll(await send(socket, call))
      return text === '' ? undefined : parse(text)
    } catch (error) {
      throw failure(socket, call, error)
    }
  }

  async function* bytes(call: Call): AsyncGenerator<Buffer, void, undefined> {
    let begun = false
    try {
      const { body } = await send(socket, call)
      begun = true
      yield* body
    } catch (error) {
      if (!begun || !isCutOff(error)) throw failure(socket, call, error)
      const what = 'the daemon went away in the middle of its answer; its missions go on without it'
      throw new ConnectionFailed(what, { cause: error })
    }
  }

  return { json, awaited, bytes }
}

/** @throws ApiError when the daemon refuses */
async function send(socket: string, { accept = 'application/json', ...call }: Call): Promise<Response> {
  if (OTHER_PATH.test(call.path)) {
    const detail = 'no mission has an empty name, or one of dots alone'
    throw new ApiError({ code: 'not_found', status: 404, detail })
  }
  mustBeOurs(socket)
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await accepted(await exchange(socket, { ...call, accept }))
    } catch (error) {
      if (systemCode(error) !== 'EAGAIN' || attempt > MOST_BUSY_RETRIES) throw error
      await new Promise((resolve) => setTimeout(resolve, BUSY_RETRY_MS))
    }
  }
}

async function accepted(response: Response): Promise<Response> {
  const { status } = response
  if (status >= 200 && status < 300) return response
  const problem = await readAll(response)
    .then(parse)
    .catch(() => undefined)
  if (isProblem(problem)) throw new ApiError({ ...problem, status })
  const detail = `the daemon answered with status ${status} and no explanation`
  throw new ApiError({ code: 'internal', detail, status })
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && 'detail' in value
}

async function readAll({ body }: Response): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

/** @throws MalformedResponse */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new MalformedResponse('the response is not JSON')
  }
}

function failure(socket: string, { signal }: Call, cause: unknown): unknown {
  if (cause instanceof ApiError || cause instanceof ConnectionFailed) return cause
  if (signal?.aborted === true && cause === signal.reason) return cause
  if (cause instanceof MalformedResponse) {
    return new ConnectionFailed(`what answers on ${socket} is not an Overmind daemon`, { cause })
  }
  if (isCutOff(cause)) return new ConnectionFailed('the daemon went away before it had answered', { cause })
  const code = systemCode(cause)
  switch (code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
    case 'ENOTDIR':
    // No daemon can listen at a path that is too long for a socket.
    case 'EINVAL':
    case 'ENAMETOOLONG':
      return new DaemonNotRunning(socket, cause)
    default:
      return new ConnectionFailed(`the socket ${socket} cannot be used (${code ?? String(cause)})`, { cause })
  }
}

function isCutOff(error: unknown): boolean {
  const code = systemCode(error)
  return code === 'ECONNRESET' || code === 'EPIPE'
}

interface Turns {
  /** Settles when it is this one's turn; rejects with the signal's reason when that comes first. */
  begin(signal: AbortSignal | undefined): Promise<void>
  end(): void
}

/** Lets so many through at once, in the order in which they came. */
function limit(most: number): Turns {
  let running = 0
  const waiting = new Set<() => void>()
  return {
    begin: async (signal) => {
      signal?.throwIfAborted()
      if (running < most) {
        running += 1
        return
      }
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const giveUp = (): void => {
        waiting.delete(resolve)
        reject(signal?.reason)
      }
      waiting.add(resolve)
      signal?.addEventListener('abort', giveUp, { once: true })
      try {
        await promise
      } finally {
        signal?.removeEventListener('abort', giveUp)
      }
    },
    end: () => {
      const [next] = waiting
      if (next === undefined) {
        running -= 1
      } else {
        waiting.delete(next)
        next()
      }
    },
  }
}
