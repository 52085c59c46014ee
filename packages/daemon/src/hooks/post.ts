import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Target } from '../config/config.ts'
import { inert } from '../text/inert.ts'
import { VERSION } from '../version.ts'
import { ofAnswer, type Outcome } from './decide.ts'
import type { Delivery } from './delivery.ts'
import { reveal, signature } from './secret.ts'

export interface TryOptions {
  readonly timeoutMs: number
  /** Gives it up. */
  readonly signal: AbortSignal
}

/** So much of an answer's body is taken, out of courtesy. Bytes. */
const TAKEN = 1024

/** Posts a delivery; the answer's status says whether it arrived. Never throws. */
export async function post(
  target: Extract<Target, { kind: 'url' }>,
  delivery: Delivery,
  { timeoutMs, signal }: TryOptions,
): Promise<Outcome> {
  const late = AbortSignal.timeout(timeoutMs)
  try {
    const over = AbortSignal.any([late, signal])
    const headers = await unless(over, headersOf(target, delivery))
    const { statusCode = 0, headers: answered } = await send(target.url, {
      headers,
      body: delivery.body,
      signal: over,
    })
    return ofAnswer(statusCode, answered['retry-after'], Date.now())
  } catch (error) {
    if (signal.aborted) return { kind: 'interrupted' }
    if (late.aborted) return { kind: 'failed', reason: `did not answer within ${timeoutMs / 1000} s` }
    return { kind: 'failed', reason: inert(reasonOf(error)) }
  }
}

/** A disk may take longer for a secret than anybody wants to wait. */
function unless<T>(over: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    over.addEventListener('abort', () => reject(new Error('it took too long')), { once: true })
    work.then(resolve, reject)
  })
}

async function headersOf(
  { headers, secret }: Extract<Target, { kind: 'url' }>,
  { id, body }: Delivery,
): Promise<OutgoingHttpHeaders> {
  const own = await Promise.all(
    Object.entries(headers).map(
      async ([name, value]) => [name, await reveal(value, `headers.${name}`)] as const,
    ),
  )
  return {
    'content-type': 'application/json',
    'user-agent': `overmind/${VERSION}`,
    ...Object.fromEntries(own.map(([name, value]) => [name.toLowerCase(), value])),
    'content-length': Buffer.byteLength(body),
    'overmind-delivery': id,
    ...(secret === null ? {} : { 'overmind-signature': signature(body, await reveal(secret, 'secret')) }),
  }
}

interface Sent {
  readonly headers: OutgoingHttpHeaders
  readonly body: string
  readonly signal: AbortSignal
}

/** Settles with the head of the answer: what a slow body says changes nothing. */
function send(url: string, { headers, body, signal }: Sent): Promise<IncomingMessage> {
  const request = url.startsWith('https:') ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    // A connection of its own: nothing stays open between two events.
    const sent = request(url, { method: 'POST', headers, signal, agent: false }, (answer) => {
      let taken = 0
      answer.on('error', () => {})
      answer.on('data', ({ length }: Uint8Array) => {
        taken += length
        if (taken > TAKEN) answer.destroy()
      })
      resolve(answer)
    })
    sent.once('error', reject)
    // What goes wrong behind the answer.
    sent.on('error', () => {})
    sent.end(body)
  })
}

/** An address with several numbers fails with a sum of errors, which has a code and no words. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if ('code' in error && typeof error.code === 'string') {
    return error.message === '' || error.message.includes(error.code)
      ? `could not be reached (${error.code})`
      : error.message
  }
  return error.message
}
