/**
 * Reads HTTP/1.1 responses as they arrive, in pieces of any size. Written out here because `node:http` takes
 * longer to load and to make its first request than the rest of a command does; it knows what one server
 * sends, and refuses everything else.
 */

export interface Head {
  readonly status: number
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>
}

export type Part =
  | { readonly kind: 'head'; readonly head: Head }
  | { readonly kind: 'data'; readonly bytes: Buffer }
  | { readonly kind: 'end' }

/** What came is not HTTP/1.1, or not all of it came. */
export class MalformedResponse extends Error {
  override readonly name = 'MalformedResponse'
}

export interface Decoder {
  /** What these bytes complete. Nothing may follow the end of the response. @throws MalformedResponse */
  push(bytes: Buffer): Part[]
}

/** A head or the line of a chunk is never longer. */
const LONGEST_HEAD = 64 * 1024
const LINE_END = Buffer.from('\r\n')
const HEAD_END = Buffer.from('\r\n\r\n')

type State =
  | { readonly at: 'head' }
  /** In a body or a chunk of which so many bytes are still to come. */
  | { readonly at: 'data'; readonly left: number; readonly chunked: boolean }
  | { readonly at: 'chunk-size' }
  /** Behind the bytes of a chunk, or behind the last one, where trailers may stand. */
  | { readonly at: 'chunk-end' }
  | { readonly at: 'trailer' }
  | { readonly at: 'done' }

export function responseDecoder(): Decoder {
  let state: State = { at: 'head' }
  let rest: Buffer = Buffer.alloc(0)

  /** Takes what stands before the next `end`, or nothing while that has not arrived. */
  function take(end: Buffer): string | undefined {
    const index = rest.indexOf(end)
    if (index > LONGEST_HEAD || (index === -1 && rest.length > LONGEST_HEAD)) {
      throw new MalformedResponse('a line of the response is too long')
    }
    if (index === -1) return undefined
    const text = rest.toString('latin1', 0, index)
    rest = rest.subarray(index + end.length)
    return text
  }

  /** One step; false when more bytes are needed for it. */
  function step(parts: Part[]): boolean {
    switch (state.at) {
      case 'head': {
        const text = take(HEAD_END)
        if (text === undefined) return false
        const head = parseHead(text)
        if (head.status < 200) return true // informational: the response is still to come
        parts.push({ kind: 'head', head })
        state = bodyOf(head)
        if (state.at === 'done') parts.push({ kind: 'end' })
        return true
      }
      case 'data': {
        const bytes = rest.subarray(0, state.left)
        if (bytes.length === 0) return false
        rest = rest.subarray(bytes.length)
        parts.push({ kind: 'data', bytes })
        const left = state.left - bytes.length
        if (left > 0) state = { ...state, left }
        else if (state.chunked) state = { at: 'chunk-end' }
        else {
          state = { at: 'done' }
          parts.push({ kind: 'end' })
        }
        return true
      }
      case 'chunk-end': {
        const line = take(LINE_END)
        if (line === undefined) return false
        if (line !== '') throw new MalformedResponse('a chunk of the response is longer than it says')
        state = { at: 'chunk-size' }
        return true
      }
      case 'chunk-size': {
        const line = take(LINE_END)
        if (line === undefined) return false
        const left = parseSize(line.split(';', 1)[0] ?? '', 16)
        state = left === 0 ? { at: 'trailer' } : { at: 'data', left, chunked: true }
        return true
      }
      case 'trailer': {
        const line = take(LINE_END)
        if (line === undefined) return false
        if (line !== '') return true
        state = { at: 'done' }
        parts.push({ kind: 'end' })
        return true
      }
      case 'done':
        if (rest.length > 0) throw new MalformedResponse('something follows the response')
        return false
    }
  }

  return {
    push: (bytes) => {
      rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
      const parts: Part[] = []
      while (step(parts));
      return parts
    },
  }
}

function parseHead(text: string): Head {
  const [first = '', ...lines] = text.split('\r\n')
  const status = /^HTTP\/1\.1 (\d{3})(?: |$)/.exec(first)?.[1]
  if (status === undefined) throw new MalformedResponse('the response does not begin as HTTP/1.1 does')
  const headers = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    if (colon < 1) throw new MalformedResponse('a header of the response has no name')
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim())
  }
  return { status: Number(status), headers }
}

/** Where a response goes on behind its head. One that only ends with the connection could be cut short unseen. */
function bodyOf({ status, headers }: Head): State {
  if (status === 204 || status === 304) return { at: 'done' }
  if (headers.get('transfer-encoding')?.toLowerCase() === 'chunked') return { at: 'chunk-size' }
  const length = headers.get('content-length')
  if (length === undefined) throw new MalformedResponse('the response does not say how long it is')
  const left = parseSize(length, 10)
  return left === 0 ? { at: 'done' } : { at: 'data', left, chunked: false }
}

function parseSize(text: string, radix: 10 | 16): number {
  const digits = text.trim()
  const size = (radix === 10 ? /^\d{1,15}$/ : /^[\da-f]{1,12}$/i).test(digits)
    ? Number.parseInt(digits, radix)
    : -1
  if (size < 0) throw new MalformedResponse('the response does not say how long it is')
  return size
}
