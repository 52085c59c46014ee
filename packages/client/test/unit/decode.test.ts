import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MalformedResponse, responseDecoder } from '../../src/http/decode.ts'

interface Read {
  readonly status: number | undefined
  readonly body: string
  readonly ended: boolean
}

/** What the decoder makes of these pieces. */
function read(pieces: readonly Buffer[]): Read {
  const decoder = responseDecoder()
  const parts = pieces.flatMap((piece) => decoder.push(piece))
  const data = parts.filter((part) => part.kind === 'data').map(({ bytes }) => bytes)
  return {
    status: parts.find((part) => part.kind === 'head')?.head.status,
    body: Buffer.concat(data).toString('latin1'),
    ended: parts.some(({ kind }) => kind === 'end'),
  }
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')

function cut(text: string, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % (text.length + 1))), text.length].toSorted(
    (a, b) => a - b,
  )
  return ends.map((end, index) => bytes(text.slice(ends[index - 1] ?? 0, end)))
}

const places = fc.array(fc.nat(), { maxLength: 20 })

describe('a response is read the same however it is cut', () => {
  test('with a length', () => {
    fc.assert(
      fc.property(fc.string(), places, (body, places) => {
        const text = `HTTP/1.1 200 OK\r\nContent-Length: ${bytes(body).length}\r\n\r\n${bytes(body).toString('latin1')}`
        expect(read(cut(text, places))).toEqual({
          status: 200,
          body: bytes(body).toString('latin1'),
          ended: true,
        })
      }),
    )
  })

  test('in chunks, with extensions and trailers', () => {
    const chunk = fc.string({ minLength: 1, maxLength: 40, unit: 'binary-ascii' })
    fc.assert(
      fc.property(fc.array(chunk), places, (chunks, places) => {
        const body = chunks.map((each) => `${each.length.toString(16)};x=1\r\n${each}\r\n`).join('')
        const text = `HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n${body}0\r\nTrailer: 1\r\n\r\n`
        expect(read(cut(text, places))).toEqual({ status: 201, body: chunks.join(''), ended: true })
      }),
    )
  })

  test('without a body', () => {
    expect(read(cut('HTTP/1.1 204 No Content\r\n\r\n', [5, 20]))).toEqual({
      status: 204,
      body: '',
      ended: true,
    })
    expect(read([bytes('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')]).ended).toBe(true)
  })

  test('behind an informational one', () => {
    const text = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
    expect(read([bytes(text)])).toEqual({ status: 200, body: 'ok', ended: true })
  })
})

test('a response that is cut short has no end', () => {
  const whole = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'
  for (let length = 0; length < whole.length; length += 1) {
    expect(read([bytes(whole.slice(0, length))]).ended).toBe(false)
  }
})

test.each([
  ['another protocol', 'SSH-2.0-OpenSSH\r\n\r\n'],
  ['another version', 'HTTP/1.0 200 OK\r\n\r\n'],
  ['no length', 'HTTP/1.1 200 OK\r\n\r\n'],
  ['a length that is no number', 'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n'],
  ['a header without a name', 'HTTP/1.1 200 OK\r\nnonsense\r\n\r\n'],
  ['a chunk without a size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n'],
  ['a chunk longer than it says', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc\r\n'],
  ['more than the response', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nab'],
  ['a head without end', 'x'.repeat(70_000)],
])('%s is refused', (_, text) => {
  expect(() => read([bytes(text)])).toThrow(MalformedResponse)
})
