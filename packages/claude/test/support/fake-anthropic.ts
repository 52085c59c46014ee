#!/usr/bin/env node
/**
 * A Messages API on loopback that answers what the prompt scripts (`script.ts`), so that a real agent CLI runs
 * without a network and without a key.
 *
 * As a program (`fake-anthropic.ts [--port N] [--api-key KEY]`) it prints its URL and serves until it is told
 * to end; the requests are for those who start it with `startFakeAnthropic`.
 */
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import {
  type AnswerBlock,
  errorType,
  estimateTokens,
  type Message,
  naturalStop,
  opening,
  planReply,
  type ScriptedBlock,
  scriptedBlock,
  type Step,
} from './script.ts'

export interface FakeAnthropicOptions {
  /** 0, which is what it is without: one that is free. */
  readonly port?: number
  /** The key that is let in; without it, any is. */
  readonly apiKey?: string
  readonly onRequest?: (request: ApiRequest) => void
}

export type Outcome =
  | 'open'
  | 'complete'
  | 'refused'
  | 'hung'
  | 'disconnected'
  | 'stream error'
  /** The client went before the answer was whole. */
  | 'client aborted'

export interface ApiRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** What the client sent as JSON. */
  readonly body: MessagesRequest | undefined
  outcome: Outcome
}

interface MessagesRequest {
  readonly model?: string
  readonly stream?: boolean
  readonly messages?: readonly Message[]
}

export interface FakeAnthropic extends AsyncDisposable {
  readonly url: string
  /** Everything that came in, in order. */
  readonly requests: readonly ApiRequest[]
}

/** Serves from the moment it settles until it is disposed of, which cuts all connections. */
export async function startFakeAnthropic({
  port = 0,
  apiKey,
  onRequest,
}: FakeAnthropicOptions = {}): Promise<FakeAnthropic> {
  const requests: ApiRequest[] = []
  const sockets = new Set<Socket>()
  const answer = answers(apiKey)
  const server = createServer((incoming, response) => {
    void take(incoming, response)
  })
  async function take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await text(incoming)
    const request: ApiRequest = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      body: raw === '' ? undefined : (JSON.parse(raw) as MessagesRequest),
      outcome: 'open',
    }
    requests.push(request)
    response.once('close', () => {
      if (request.outcome === 'open') request.outcome = 'client aborted'
    })
    onRequest?.(request)
    request.outcome = await answer(request, response)
  }
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const { port: bound } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${bound}`,
    requests,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** An event of the stream: its type and whatever belongs to it. */
interface StreamEvent {
  readonly type: string
  readonly [field: string]: unknown
}

type Answer = (request: ApiRequest, response: ServerResponse) => Promise<Outcome>

function answers(apiKey: string | undefined): Answer {
  /** How often `::error N xK` refused, for each conversation. */
  const refused = new Map<string, number>()

  return async ({ method, path, headers, body }, response) => {
    const key = headers['x-api-key'] ?? headers.authorization?.replace(/^Bearer /, '')
    const [route] = path.split('?', 1)
    if (method === 'HEAD') return json(response, 200, undefined)
    if (apiKey !== undefined && key !== apiKey) return error(response, 401, 'invalid x-api-key')
    if (method === 'POST' && route === '/v1/messages') return messages(body ?? {}, response)
    if (method === 'POST' && route === '/v1/messages/count_tokens') {
      return json(response, 200, { input_tokens: estimateTokens(body?.messages) })
    }
    return error(response, 404, `no such route: ${method} ${path}`)
  }

  async function messages(body: MessagesRequest, response: ServerResponse): Promise<Outcome> {
    const conversation = body.messages ?? []
    const steps = planReply(conversation)
    const { delay, headers, usage, stop, errors } = opening(steps)
    await sleep(delay)
    for (const [index, { status, times, sentence }] of errors.entries()) {
      const id = `${index} ${JSON.stringify(conversation)}`
      const before = refused.get(id) ?? 0
      if (before >= times) continue
      refused.set(id, before + 1)
      return error(response, status, sentence, headers)
    }
    const message = {
      id: newId('msg'),
      type: 'message',
      role: 'assistant',
      model: body.model,
      usage: {
        input_tokens: estimateTokens(conversation),
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        service_tier: 'standard',
        ...usage,
      },
    }
    const blocks = steps.flatMap((step) => scriptedBlock(step, newId) ?? [])
    const end = {
      stop_reason: stop ?? naturalStop(blocks.map(({ block }) => block)),
      stop_sequence: null,
      output_tokens: usage.output_tokens ?? blocks.reduce((sum, { tokens }) => sum + tokens, 0),
    }
    if (!body.stream) {
      const { output_tokens, ...rest } = end
      const content = blocks.map(({ block }) => block)
      return json(
        response,
        200,
        { ...message, ...rest, content, usage: { ...message.usage, output_tokens } },
        headers,
      )
    }
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'request-id': newId('req'),
      ...headers,
    })
    return stream(response, message, steps, end)
  }
}

interface End {
  readonly stop_reason: string
  readonly stop_sequence: null
  readonly output_tokens: number
}

async function stream(
  response: ServerResponse,
  message: { readonly usage: object },
  steps: readonly Step[],
  { output_tokens, ...delta }: End,
): Promise<Outcome> {
  const send = (event: StreamEvent): void => {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  }
  const started = {
    ...message,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { ...message.usage, output_tokens: 1 },
  }
  send({ type: 'message_start', message: started })
  let pause = 0
  let index = 0
  for (const step of steps) {
    switch (step.op) {
      case 'slow':
        pause = Number(step.arg)
        break
      case 'wait':
        await sleep(Number(step.arg))
        break
      case 'hang':
        return 'hung'
      case 'disconnect':
        // The cut is noticed before what is still unread: the client gets a while to read what came before it.
        await sleep(250)
        response.destroy()
        return 'disconnected'
      case 'sse-error': {
        const type = step.arg || 'overloaded_error'
        send({ type: 'error', error: { type, message: 'fake stream error' } })
        response.end()
        return 'stream error'
      }
      default: {
        const scripted = scriptedBlock(step, newId)
        if (!scripted) break
        for (const event of blockEvents(scripted, index)) {
          if (pause > 0 && event.type === 'content_block_delta') await sleep(pause)
          if (response.destroyed) return 'client aborted'
          send(event)
        }
        index += 1
      }
    }
    if (response.destroyed) return 'client aborted'
  }
  send({ type: 'message_delta', delta, usage: { ...message.usage, output_tokens } })
  send({ type: 'message_stop' })
  response.end()
  return 'complete'
}

function* blockEvents({ block, pieces }: ScriptedBlock, index: number): Generator<StreamEvent> {
  const event = (type: string, fields: object): StreamEvent => ({ type, index, ...fields })
  yield event('content_block_start', { content_block: emptied(block) })
  for (const piece of pieces) yield event('content_block_delta', { delta: deltaOf(block, piece) })
  if (block.type === 'thinking') {
    yield event('content_block_delta', { delta: { type: 'signature_delta', signature: block.signature } })
  }
  yield event('content_block_stop', {})
}

function emptied(block: AnswerBlock): object {
  switch (block.type) {
    case 'text':
      return { ...block, text: '' }
    case 'thinking':
      return { ...block, thinking: '', signature: '' }
    case 'tool_use':
      return { ...block, input: {} }
  }
}

function deltaOf(block: AnswerBlock, piece: string): object {
  switch (block.type) {
    case 'text':
      return { type: 'text_delta', text: piece }
    case 'thinking':
      return { type: 'thinking_delta', thinking: piece }
    case 'tool_use':
      return { type: 'input_json_delta', partial_json: piece }
  }
}

function json(response: ServerResponse, status: number, value: unknown, headers: object = {}): Outcome {
  response.writeHead(status, { 'content-type': 'application/json', 'request-id': newId('req'), ...headers })
  response.end(value === undefined ? undefined : JSON.stringify(value))
  return status < 400 ? 'complete' : 'refused'
}

function error(response: ServerResponse, status: number, sentence: string, headers: object = {}): Outcome {
  return json(
    response,
    status,
    { type: 'error', error: { type: errorType(status), message: sentence } },
    headers,
  )
}

function newId(prefix: string): string {
  return `${prefix}_fake${randomBytes(9).toString('hex')}`
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { port: { type: 'string' }, 'api-key': { type: 'string' } } })
  const apiKey = values['api-key']
  const fake = await startFakeAnthropic({
    port: Number(values.port ?? 0),
    ...(apiKey === undefined ? {} : { apiKey }),
  })
  process.stdout.write(`${fake.url}\n`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void fake[Symbol.asyncDispose]().then(() => process.exit(0)))
  }
}
