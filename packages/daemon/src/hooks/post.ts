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
  const over = patience(timeoutMs, signal)
  try {
    const headers = await unless(over.signal, headersOf(target, delivery))
    const { statusCode = 0, headers: answered } = await send(target.url, {
      headers,
      body: delivery.body,
      signal: over.signal,
      onClosed: over.end,
    })
    return ofAnswer(statusCode, answered['retry-after'], Date.now())
  } catch (error) {
    over.end()
    if (signal.aborted) return { kind: 'interrupted' }
    if (over.signal.aborted) return { kind: 'failed', reason: `did not answer within ${timeoutMs / 1000} s` }
    return { kind: 'failed', reason: inert(reasonOf(error)) }
  }
}

interface Patience {
  /** Aborted when it took too long, or is given up. */
  readonly signal: AbortSignal
  /** Lets go of the clock and of who may give up. */
  end(): void
}

/** In place of `AbortSignal.any`, whose signals stay for as long as the longest-lived of theirs: here, the daemon. */
function patience(timeoutMs: number, givenUp: AbortSignal): Patience {
  const over = new AbortController()
  const abort = (): void => over.abort()
  const timer = setTimeout(abort, timeoutMs)
  givenUp.addEventListener('abort', abort, { once: true })
  if (givenUp.aborted) abort()
  return {
    signal: over.signal,
    end: () => {
      clearTimeout(timer)
      givenUp.removeEventListener('abort', abort)
    },
  }
}

/** A disk may take longer for a secret than anybody wants to wait. */
function unless<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('it took too long')), { once: true })
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
  /** The answer has been taken to its end, or given up. */
  onClosed(): void
}

/** Settles with the head of the answer: what a slow body says changes nothing. */
function send(url: string, { headers, body, signal, onClosed }: Sent): Promise<IncomingMessage> {
  const request = url.startsWith('https:') ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    // A connection of its own: nothing stays open between two events.
    const sent = request(url, { method: 'POST', headers, signal, agent: false }, (answer) => {
      let taken = 0
      answer.on('error', () => {})
      answer.once('close', onClosed)
      answer.on('data', ({ length }: Uint8Array) => {
        taken += length
        if (taken > TAKEN) answer.destroy()
      })
      resolve(answer)
    })
    sent.once('error', reject)
    // One that wants to speak another protocol from here on gives no answer, and that is no error to Node.
    sent.once('close', () => reject(new Error('the connection was closed without an answer')))
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
