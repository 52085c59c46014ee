/** One request on a connection of its own, and what came back until it ended or there was reason to cut it off. */
import { once } from 'node:events'
import { request as send } from 'node:http'
import { connect } from 'node:net'
import { soon } from '../../support/eventually.ts'
import type { Request } from './requests.ts'

export interface Exchange {
  readonly status: number
  readonly type: string
  readonly text: string
  /** It came to its end, and was not cut off. */
  readonly whole: boolean
}

/** How long one listens to what may never end. Milliseconds. */
const LISTENING = 40

/**
 * Sends a request. With `patience` it is cut off after so many milliseconds; `undefined` is that nothing came until then, or of a
 * torn one that the connection ended without an answer.
 */
export async function exchange(
  socket: string,
  { method, path, headers, body, framing }: Request,
  patience: number | undefined,
): Promise<Exchange | undefined> {
  const torn = framing === 'torn' ? { 'content-length': String((body?.length ?? 0) + 10) } : {}
  const length =
    body === undefined || framing === 'torn'
      ? {}
      : framing === 'whole'
        ? { 'content-length': String(body.length) }
        : { 'transfer-encoding': 'chunked' }
  const sent = send({
    socketPath: socket,
    method,
    path,
    agent: false,
    headers: { ...headers, ...length, ...torn },
  })
  const cut = (): void => void sent.destroy()
  const patient = framing === 'torn' ? LISTENING : patience
  let timer = patient === undefined ? undefined : setTimeout(cut, patient)
  const result = new Promise<Exchange | undefined>((resolve, reject) => {
    sent.once('error', (error) => {
      // Cut off, by us or by them: whoever did not listen to the end of a body is told so by the kernel.
      const code = 'code' in error ? error.code : undefined
      if (code === 'ECONNRESET' || code === 'EPIPE') resolve(undefined)
      else reject(error)
    })
    sent.once('response', (response) => {
      if (timer !== undefined) {
        clearTimeout(timer)
        timer = setTimeout(cut, LISTENING)
      }
      const parts: Uint8Array[] = []
      const end = (whole: boolean): void =>
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers['content-type'] ?? '',
          text: Buffer.concat(parts).toString('utf8'),
          whole,
        })
      response.on('data', (part: Uint8Array) => parts.push(part))
      response.once('end', () => end(true))
      response.once('error', () => end(false))
    })
  })
  if (framing === 'torn') {
    sent.write(body ?? '')
  } else if (framing === 'chunked' && body !== undefined) {
    for (let at = 0; at < body.length; at += Math.ceil(body.length / 5)) {
      sent.write(body.slice(at, at + Math.ceil(body.length / 5)))
    }
    sent.end()
  } else {
    sent.end(body)
  }
  try {
    return await soon(`${method} ${path.slice(0, 100)} is answered`, result)
  } finally {
    clearTimeout(timer)
    sent.destroy()
  }
}

/** Writes bytes, ends its side, and settles with all that came back once the other side has ended too. */
export async function throwAt(socket: string, bytes: Uint8Array): Promise<string> {
  const connection = connect(socket)
  let text = ''
  connection.setEncoding('latin1').on('data', (part: string) => (text += part))
  // That the other side would not have it is an answer, too.
  connection.on('error', () => {})
  const closed = once(connection, 'close')
  connection.end(bytes)
  await soon('the connection ends', closed)
  return text
}
