import { request, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import type { Problem } from '../../src/index.ts'

export interface Answer<T> {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly body: T
}

export interface CallOptions {
  readonly body?: unknown
  /** Instead of `body`: sent as it is. */
  readonly raw?: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

export interface Stream extends AsyncIterable<string>, Disposable {
  /** What has come and nobody took yet is left where it is: the daemon's side fills up. */
  readonly response: IncomingMessage
  close(): void
}

export interface Api {
  readonly socket: string
  /** One request; the body of the answer is parsed when it is JSON. */
  call<T>(method: string, path: string, options?: CallOptions): Promise<Answer<T>>
  /** The body of a request that must succeed. */
  get<T>(path: string): Promise<T>
  post<T>(path: string, body?: unknown): Promise<T>
  /** The text of an answer, whatever its type. */
  text(path: string, headers?: Readonly<Record<string, string>>): Promise<string>
  bytes(path: string): Promise<Buffer>
  /** The lines of an answer as they come. */
  lines(path: string, headers?: Readonly<Record<string, string>>): Promise<Stream>
}

export class ApiFailure extends Error {
  override readonly name = 'ApiFailure'
  readonly problem: Problem

  constructor(path: string, problem: Problem) {
    super(`${path}: ${problem.status} ${problem.code}: ${problem.detail}`)
    this.problem = problem
  }
}

export function apiOn(socket: string): Api {
  function send(method: string, path: string, { body, raw, headers }: CallOptions): ClientRequest {
    const json = body === undefined ? undefined : JSON.stringify(body)
    const sent = request({
      socketPath: socket,
      method,
      path,
      agent: false,
      headers: { ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    })
    sent.end(raw ?? json)
    return sent
  }

  function answerTo(sent: ClientRequest): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      sent.once('response', resolve)
      sent.once('error', reject)
    })
  }

  async function read(response: IncomingMessage): Promise<Buffer> {
    const parts: Uint8Array[] = []
    for await (const part of response) parts.push(part)
    return Buffer.concat(parts)
  }

  async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<Answer<T>> {
    const response = await answerTo(send(method, path, options))
    const text = (await read(response)).toString('utf8')
    const isJson = /[/+]json/.test(response.headers['content-type'] ?? '')
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      text,
      body: isJson ? JSON.parse(text) : undefined,
    }
  }

  async function must<T>(method: string, path: string, options?: CallOptions): Promise<T> {
    const answer = await call<T & Problem>(method, path, options)
    if (answer.status >= 400) throw new ApiFailure(path, answer.body)
    return answer.body
  }

  return {
    socket,
    call,
    get: (path) => must('GET', path),
    post: (path, body = {}) => must('POST', path, { body }),
    text: async (path, headers = {}) => {
      const answer = await call<Problem>('GET', path, { headers })
      if (answer.status >= 400) throw new ApiFailure(path, answer.body)
      return answer.text
    },
    bytes: async (path) => read(await answerTo(send('GET', path, {}))),
    async lines(path, headers = {}) {
      const sent = send('GET', path, { headers })
      const response = await answerTo(sent)
      if ((response.statusCode ?? 0) >= 400) throw new Error(`${path}: ${response.statusCode}`)
      const close = (): void => void sent.destroy()
      // A stream that is cut off has ended, and how is not the reader's business.
      sent.on('error', () => {})
      return {
        response,
        close,
        [Symbol.dispose]: close,
        async *[Symbol.asyncIterator]() {
          let rest = ''
          response.setEncoding('utf8')
          try {
            for await (const part of response) {
              const lines = `${rest}${String(part)}`.split('\n')
              rest = lines.pop() ?? ''
              for (const line of lines) if (line !== '') yield line
            }
          } catch {
            return
          }
          if (rest !== '') yield rest
        },
      }
    },
  }
}
