/** Requests for an operation: good ones, good ones with one thing wrong, and bytes. */
import fc from 'fast-check'
import type { Operation } from './document.ts'
import { NAMED, ODD_TEXT, oddValue, otherField, valuesNamed, valuesOf, WORDS } from './values.ts'

export interface Request {
  readonly method: string
  /** With its query. Words in capitals are replaced when it is sent. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | undefined
  /** How the body travels; a torn one is announced as longer than it is, and the connection is cut. */
  readonly framing: 'whole' | 'chunked' | 'torn'
  /** Whether its path was made to lead elsewhere. */
  readonly astray: boolean
}

interface Draft {
  readonly segments: Readonly<Record<string, string>>
  readonly query: readonly (readonly [string, string])[]
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

type Change<T> = (value: T) => T

const encoder = new TextEncoder()

/** Percent encoding that takes lone surrogates as well. */
const encoded = (text: string): string => encodeURIComponent(text.toWellFormed())

/** Path segments as they stand in the request, some of which are no encoding of anything. */
const ODD_SEGMENTS: readonly string[] = [
  ...ODD_TEXT.filter((text) => text.length < 10_000).map(encoded),
  'a'.repeat(4000),
  '..%2f..%2fetc%2fpasswd',
  '%2e%2e',
  '%00',
  '%',
  '%E0%A4%A',
  '%ff%fe',
  '%c0%ae%c0%ae',
  '..;',
  'a;b=c',
  '%3Fa=b',
  '%25252e',
]

const HEADERS: readonly Readonly<Record<string, string>>[] = [
  { 'content-type': 'text/plain' },
  { 'content-type': 'application/json; charset=utf-16' },
  { 'content-type': 'multipart/form-data; boundary=x' },
  { 'content-type': 'application/x-www-form-urlencoded' },
  { 'content-type': ';;;' },
  { accept: 'text/plain' },
  { accept: 'application/x-ndjson' },
  { accept: 'text/event-stream', 'last-event-id': '999999999999999' },
  { accept: '*/*;q=NaN', 'last-event-id': '-1' },
  { 'content-encoding': 'gzip' },
  { expect: '100-continue' },
  { 'x-long': 'x'.repeat(8000) },
  { host: '../../x' },
  { 'x-http-method-override': 'DELETE' },
]

function drafts(operation: Operation, folder: string): fc.Arbitrary<Draft> {
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
  const parameters = fc.record(
    Object.fromEntries(operation.query.map(({ name, schema }) => [name, valuesNamed(name, schema, folder)])),
    { requiredKeys: operation.query.some(({ name }) => name === 'timeout_ms') ? ['timeout_ms'] : [] },
  )
  return fc.record({
    segments: fc.record(
      Object.fromEntries(names.map((name) => [name, fc.constantFrom(...(NAMED[name] ?? WORDS))])),
    ),
    query: parameters.map((values) =>
      Object.entries(values).map(([name, value]) => [name, String(value)] as const),
    ),
    headers: fc.constant({}),
    body: operation.body === undefined ? fc.constant(undefined) : valuesOf(operation.body, folder),
  })
}

function requestOf(operation: Operation, { segments, query, headers, body }: Draft): Request {
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => segments[name] ?? '')
  const asked = query.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join('&')
  return {
    method: operation.method,
    path: asked === '' ? path : `${path}?${asked}`,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    body: body === undefined ? undefined : encoder.encode(JSON.stringify(body)),
    framing: 'whole',
    astray: false,
  }
}

const draftChanges = (operation: Operation): fc.Arbitrary<Change<Draft>> =>
  fc.oneof(
    fc.tuple(fc.nat(1000), oddValue).map((change) => (draft: Draft): Draft => ({
      ...draft,
      body: otherField(draft.body, change),
    })),
    oddValue.map((body) => (draft: Draft): Draft => ({ ...draft, body })),
    fc.constantFrom(...HEADERS).map((headers) => (draft: Draft): Draft => ({ ...draft, headers })),
    fc
      .tuple(
        fc.constantFrom(...operation.query.map(({ name }) => name), 'more', '__proto__'),
        fc.array(fc.constantFrom(...ODD_TEXT.filter((text) => text.length < 5000)), {
          minLength: 1,
          maxLength: 2,
        }),
      )
      .map(([name, values]) => (draft: Draft): Draft => ({
        ...draft,
        query: [
          ...draft.query.filter(([each]) => each !== name),
          ...values.map((value) => [name, value] as const),
        ],
      })),
  )

const BYTES: readonly Uint8Array[] = [
  encoder.encode('\uFEFF{}'),
  encoder.encode('['.repeat(100_000)),
  encoder.encode('{"a":'.repeat(50_000)),
  encoder.encode('{"command":"true","command":7,"__proto__":{"cwd":"/"}}'),
  encoder.encode('{}{}'),
  encoder.encode('NaN'),
  encoder.encode('{"a":"\\ud800"}'),
  encoder.encode(`{"a":${'9'.repeat(5000)}}`),
  Uint8Array.of(0xff, 0xfe, 0x00),
  Uint8Array.of(0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d),
  new Uint8Array(100_000),
]

const requestChanges = (operation: Operation): fc.Arbitrary<Change<Request>> =>
  fc.oneof(
    fc.constantFrom(...BYTES).map((body) => (request: Request): Request => ({ ...request, body })),
    fc.tuple(fc.nat(100_000), fc.nat(7)).map(([place, bit]) => (request: Request): Request => {
      if (request.body === undefined || request.body.length === 0) return request
      const body = Uint8Array.from(request.body)
      const at = place % body.length
      body[at] = (body[at] ?? 0) ^ (1 << bit)
      return { ...request, body }
    }),
    fc.nat(100_000).map((place) => (request: Request): Request => ({
      ...request,
      body: request.body?.slice(0, place % (request.body.length + 1)),
    })),
    fc.constantFrom('chunked', 'torn').map((framing) => (request: Request): Request => ({
      ...request,
      body: request.body ?? encoder.encode('{}'),
      framing,
    })),
    fc.constantFrom(...ODD_SEGMENTS).map((segment) => (request: Request): Request => {
      const path = operation.path.replace(/\{\w+\}|[^/]+$/, () => segment)
      return { ...request, path, astray: true }
    }),
    fc.constantFrom('PATCH', 'OPTIONS', 'HEAD', 'PROPFIND').map((method) => (request: Request): Request => ({
      ...request,
      method,
      astray: true,
    })),
  )

export function goodRequests(operation: Operation, folder: string): fc.Arbitrary<Request> {
  return drafts(operation, folder).map((draft) => requestOf(operation, draft))
}

/** With one thing wrong, that need not be noticed by everybody. */
export function oddRequests(operation: Operation, folder: string): fc.Arbitrary<Request> {
  const drafted = fc
    .tuple(drafts(operation, folder), draftChanges(operation))
    .map(([draft, change]) => requestOf(operation, change(draft)))
  const changed = fc
    .tuple(goodRequests(operation, folder), requestChanges(operation))
    .map(([request, change]) => change(request))
  return fc.oneof(drafted, changed)
}

/** What a client that is none may write on a connection. */
export const garbage: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 2000 }),
  fc
    .tuple(
      fc.constantFrom(
        'GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n',
        'GET /v1/status HTTP/9.9\r\n\r\n',
        'POST /v1/missions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n',
        'POST /v1/missions HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
        'POST /v1/missions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        'POST /v1/prune HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}',
        'GET /../../v1/status HTTP/1.1\r\nHost: x\r\n\r\n',
        'GET http://elsewhere/v1/status HTTP/1.1\r\nHost: x\r\n\r\n',
        'CONNECT elsewhere:80 HTTP/1.1\r\nHost: x\r\n\r\n',
        'GET /v1/status HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
        `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
        `GET /v1/status HTTP/1.1\r\n${'x: y\r\n'.repeat(3000)}\r\n`,
        'GET * HTTP/1.1\r\nHost: x\r\n\r\n',
        'GET //[ HTTP/1.1\r\nHost: [\r\n\r\n',
      ),
      fc.option(fc.tuple(fc.nat(200), fc.nat(255)), { nil: undefined }),
    )
    .map(([text, change]) => {
      const bytes = encoder.encode(text)
      if (change !== undefined) bytes[change[0] % bytes.length] = change[1]
      return bytes
    }),
)
