import { createRuntime, type JournalEvent, OvermindError, seq } from '@overmind/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createApp } from '../../src/api/app.ts'
import type { ApiContext } from '../../src/api/context.ts'
import { startSchema } from '../../src/api/schemas.ts'

const faults: unknown[] = []
const runtime = await createRuntime()
const context: ApiContext = {
  runtime,
  status: () => {
    throw new Error('not asked for')
  },
  reload: () => {
    throw new Error('not asked for')
  },
  hooks: {
    list: () => [],
    test: () => Promise.reject(new Error('not asked for')),
    dead: () => [],
    retry: () => 0,
    drop: () => 0,
  },
  shutdown: () => Promise.resolve(0),
  onError: (error) => void faults.push(error),
}
const app = createApp(context, { version: '0.0.0' })

const documentSchema = z.looseObject({
  openapi: z.string().startsWith('3.1'),
  info: z.looseObject({ title: z.string(), version: z.string() }),
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({
        summary: z.string().min(1),
        parameters: z.array(z.looseObject({ name: z.string(), in: z.string() })).optional(),
        responses: z.record(z.string(), z.looseObject({ description: z.string().min(1) })),
      }),
    ),
  ),
})
let document: z.infer<typeof documentSchema>
let raw: unknown

beforeAll(async () => {
  raw = await (await app.request('/v1/openapi.json')).json()
  document = documentSchema.parse(raw)
})
afterAll(() => runtime.close())

/** Every object inside a value, the value included. */
function* objectsIn(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) yield Object.fromEntries(Object.entries(value))
  for (const inner of Object.values(value)) yield* objectsIn(inner)
}

describe('the OpenAPI document', () => {
  test('lists exactly the routes that are served', () => {
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
    )
    const served = app.routes
      .filter(({ method, path }) => method !== 'ALL' && path !== '/v1/openapi.json')
      .map(({ method, path }) => `${method} ${path}`)
    expect(new Set(documented)).toEqual(new Set(served))
    expect(documented).toHaveLength(41)
  })

  test('has no reference that leads nowhere', () => {
    const references = [...objectsIn(raw)]
      .map((object) => object['$ref'])
      .filter((ref) => typeof ref === 'string')
    expect(references.length).toBeGreaterThan(0)
    for (const reference of references) {
      let target: unknown = raw
      for (const step of reference.replace(/^#\//, '').split('/')) {
        target = typeof target === 'object' && target !== null ? Reflect.get(target, step) : undefined
      }
      expect({ reference, type: typeof target }).toEqual({ reference, type: 'object' })
    }
  })

  test('names every parameter that a path has', () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      for (const { parameters = [] } of Object.values(methods)) {
        expect(parameters.filter((each) => each.in === 'path').map(({ name }) => name)).toEqual(wanted)
      }
    }
  })

  test('shows problems as problem+json with a code, wherever there can be one', () => {
    for (const methods of Object.values(document.paths)) {
      for (const { responses } of Object.values(methods)) {
        for (const [status, response] of Object.entries(responses)) {
          if (Number(status) < 400) continue
          expect(response).toMatchObject({
            content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
          })
        }
      }
    }
  })

  test('requires no field that may be left out', () => {
    const required = z.looseObject({ required: z.array(z.string()) })
    const { components } = z
      .object({ components: z.object({ schemas: z.looseObject({ Decision: required, Problem: required }) }) })
      .parse(raw)
    expect(components.schemas.Decision.required).toEqual(['decision'])
    expect(components.schemas.Problem.required).not.toContain('field')
  })

  test('has only patterns that are regular expressions without flags', () => {
    const patterns = [...objectsIn(raw)]
      .map(({ pattern }) => pattern)
      .filter((each) => typeof each === 'string')
    for (const pattern of patterns) expect(pattern).not.toMatch(/\/[a-z]*$/)
  })

  test('says of every route that a request may be unreadable, and the daemon about to end', () => {
    for (const methods of Object.values(document.paths)) {
      for (const { responses } of Object.values(methods)) {
        expect(Object.keys(responses)).toEqual(expect.arrayContaining(['400', '503']))
      }
    }
  })

  test('takes a start request of every field, and no other', () => {
    const request = {
      command: ['sleep', '1'],
      name: 'n',
      cwd: '/',
      env: { A: 'b' },
      type: 'task',
      provider: 'raw',
      restart: 'on-failure',
      max_restarts: 1,
      max_seconds: 1,
      backoff_ms: 1,
      activity_timeout_ms: 1,
      timeout_ms: 1,
      stop_signal: 'SIGINT',
      stop_timeout_ms: 1,
      success_codes: [0, 1],
      output_limit_bytes: 1024 * 1024,
    }
    expect(startSchema.safeParse(request).success).toBe(true)
    expect(startSchema.safeParse({ ...request, more: 1 }).success).toBe(false)
  })
})

test('a client that goes away in the middle of its body is no fault of the daemon', async () => {
  const gone = new AbortController()
  const body = new ReadableStream({
    pull() {
      gone.abort()
      throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' })
    },
  })
  const request = new Request('http://x/v1/prune', {
    method: 'POST',
    body,
    duplex: 'half',
    signal: gone.signal,
  })
  await app.request(request)
  expect(faults).toEqual([])
})

test('a mistake of the daemon is none of the request, whatever its kind, and is told of', async () => {
  const mistake = new SyntaxError('a text of ours that is no JSON')
  const told: unknown[] = []
  const status = (): never => {
    throw mistake
  }
  const other = createApp(
    { ...context, status, onError: (error) => void told.push(error) },
    { version: '0.0.0' },
  )
  const answer = await other.request('/v1/status')
  expect([answer.status, await answer.json()]).toEqual([500, expect.objectContaining({ code: 'internal' })])
  expect(told).toEqual([mistake])
})

test('what goes wrong within a stream breaks it off and is told of, but for a reader who has left and the end of the runtime', async () => {
  const mistake = new Error('the disk is gone')
  async function read(error: Error, leave: boolean): Promise<readonly unknown[]> {
    const told: unknown[] = []
    const left = new AbortController()
    const events = async function* (): AsyncGenerator<JournalEvent> {
      yield { type: 'runtime.stopped', at: 1, seq: seq(1) }
      if (leave) left.abort()
      throw error
    }
    const other = createApp(
      { ...context, runtime: { ...runtime, events }, onError: (one) => void told.push(one) },
      { version: '0.0.0' },
    )
    const { body } = await other.request(new Request('http://x/v1/events', { signal: left.signal }))
    await expect(new Response(body).text()).rejects.toBe(error)
    return told
  }
  expect(await read(mistake, false)).toEqual([mistake])
  expect(await read(mistake, true)).toEqual([])
  expect(await read(new OvermindError('runtime_closed', 'the daemon ends'), false)).toEqual([])
})
