import type { ServerResponse } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ApiError, ConnectionFailed, createClient, DaemonNotRunning, resolveHome } from '../../src/index.ts'
import { stubServer } from './stub.ts'

const ok = { 'content-type': 'application/json' }

describe('each method is one request', () => {
  const cases: readonly [string, (client: ReturnType<typeof createClient>) => Promise<unknown>, string][] = [
    ['status', (client) => client.status(), 'GET /v1/status'],
    ['shutdown', (client) => client.shutdown({ keep: true }), 'POST /v1/shutdown {"keep":true}'],
    ['start', (client) => client.start({ command: 'true' }), 'POST /v1/missions {"command":"true"}'],
    ['list', (client) => client.list(), 'GET /v1/missions'],
    [
      'list with filters',
      (client) => client.list({ all: true, filter: ['name=a&b', 'status=running'] }),
      'GET /v1/missions?all=true&filter=name%3Da%26b&filter=status%3Drunning',
    ],
    [
      'list with fields',
      (client) => client.list({ fields: ['id', 'name'] }),
      'GET /v1/missions?fields=id%2Cname',
    ],
    ['get', (client) => client.get('a/b ü'), 'GET /v1/missions/a%2Fb%20%C3%BC'],
    ['describe', (client) => client.describe('a'), 'GET /v1/missions/a/description'],
    ['stop', (client) => client.stop('a'), 'POST /v1/missions/a/stop {}'],
    ['stop', (client) => client.stop('a', { timeoutMs: 5 }), 'POST /v1/missions/a/stop {"timeout_ms":5}'],
    ['kill', (client) => client.kill('a'), 'POST /v1/missions/a/kill {}'],
    ['kill', (client) => client.kill('a', { cascade: true }), 'POST /v1/missions/a/kill {"cascade":true}'],
    ['stopTeam', (client) => client.stopTeam('a b'), 'POST /v1/teams/a%20b/stop'],
    ['restart', (client) => client.restart('a'), 'POST /v1/missions/a/restart'],
    ['wait', (client) => client.wait('a', { timeoutMs: 5 }), 'GET /v1/missions/a/wait?timeout_ms=5'],
    ['reload', (client) => client.reload(), 'POST /v1/reload'],
    ['testHook', (client) => client.testHook('a b'), 'POST /v1/hooks/a%20b/test'],
    ['prune', (client) => client.prune(), 'POST /v1/prune {}'],
    ['prune', (client) => client.prune({ olderThanMs: 5 }), 'POST /v1/prune {"older_than_ms":5}'],
  ]
  test.each(cases)('%s', async (_, call, line) => {
    await using stub = await stubServer((_, response) => response.writeHead(200, ok).end('{"answer":1}'))
    expect(await call(createClient({ home: stub.home }))).toEqual({ answer: 1 })
    expect(stub.requests.map(({ method, url, body }) => `${method} ${url} ${body}`.trim())).toEqual([line])
  })

  test('hooks are taken out of their answers', async () => {
    const answer = JSON.stringify({ hooks: [1], deliveries: [2], retried: 3, dropped: 4 })
    await using stub = await stubServer((_, response) => response.writeHead(200, ok).end(answer))
    const client = createClient({ home: stub.home })
    expect(await client.hooks()).toEqual([1])
    expect(await client.deadDeliveries({ hook: 'a&b' })).toEqual([2])
    expect(await client.retryDeliveries()).toBe(3)
    expect(await client.dropDeliveries({ hook: 'a' })).toBe(4)
    expect(stub.requests.map(({ method, url, body }) => `${method} ${url} ${body}`.trim())).toEqual([
      'GET /v1/hooks',
      'GET /v1/hooks/dead?hook=a%26b',
      'POST /v1/hooks/retry {}',
      'POST /v1/hooks/drop {"hook":"a"}',
    ])
  })

  test('remove has no answer', async () => {
    await using stub = await stubServer((_, response) => response.writeHead(204).end())
    expect(await createClient({ home: stub.home }).remove('a')).toBeUndefined()
    expect(stub.requests[0]).toMatchObject({ method: 'DELETE', url: '/v1/missions/a' })
  })
})

describe('streams', () => {
  test('each asks for its format', async () => {
    await using stub = await stubServer((_, response) => response.writeHead(200).end('{"n":1}\n{"n":2}\n'))
    const client = createClient({ home: stub.home })
    expect(await Array.fromAsync(client.watch(7, { all: true }))).toEqual([{ n: 1 }, { n: 2 }])
    expect(await Array.fromAsync(client.events({ since: 3, mission: 'a', follow: true }))).toHaveLength(2)
    expect(await Array.fromAsync(client.logLines('a', { tail: 2 }))).toHaveLength(2)
    const text = Buffer.concat(await Array.fromAsync(client.logs('a', { timestamps: true, follow: false })))
    expect(text.toString()).toBe('{"n":1}\n{"n":2}\n')
    await Array.fromAsync(client.output('a', { run: 2, from: 10 }))
    await Array.fromAsync(client.table({ all: true, columns: 80, colours: true }))
    expect(stub.requests.map(({ url, accept }) => `${accept} ${url}`)).toEqual([
      'application/x-ndjson /v1/missions/watch?since=7&all=true',
      'application/x-ndjson /v1/events?since=3&mission=a&follow=true',
      'application/x-ndjson /v1/missions/a/logs?tail=2',
      'text/plain /v1/missions/a/logs?timestamps=true',
      'application/octet-stream /v1/missions/a/output?run=2&from=10',
      'text/plain /v1/missions?all=true&columns=80&colours=true',
    ])
  })

  test('what is not read is not sent', async () => {
    let written = 0
    await using stub = await stubServer((_, response) => {
      const block = Buffer.alloc(64 * 1024)
      const fill = (): void => {
        while (response.write(block)) written += block.length
        response.once('drain', fill)
      }
      fill()
    })
    const chunks = createClient({ home: stub.home }).logs('a', { follow: true })[Symbol.asyncIterator]()
    await chunks.next()
    // One chunk was taken: what fits into the buffers between the two is written, and no more.
    let before = -1
    while (written > before) {
      before = written
      await new Promise((resolve) => {
        setTimeout(resolve, 50)
      })
    }
    expect(written).toBeLessThan(8 * 1024 * 1024)
    await chunks.return?.()
  })

  test('leaving a stream closes its connection', async () => {
    const closed = Promise.withResolvers<void>()
    await using stub = await stubServer((request, response) => {
      request.socket.once('close', () => closed.resolve())
      response.write('{"n":1}\n')
    })
    for await (const event of createClient({ home: stub.home }).events({ follow: true })) {
      expect(event).toEqual({ n: 1 })
      break
    }
    await closed.promise
  })

  test('a signal ends a stream with its reason', async () => {
    await using stub = await stubServer((_, response) => void response.write('{"n":1}\n'))
    const controller = new AbortController()
    const reason = new Error('enough')
    const events = createClient({ home: stub.home }).events({ follow: true, signal: controller.signal })
    const read = async (): Promise<void> => {
      for await (const _ of events) controller.abort(reason)
    }
    await expect(read()).rejects.toBe(reason)
  })

  test('a daemon that goes away within a stream is a failure, not the end', async () => {
    await using stub = await stubServer((request, response) => {
      response.write('half', () => request.socket.destroy())
    })
    const read = Array.fromAsync(createClient({ home: stub.home }).logs('a', { follow: true }))
    await expect(read).rejects.toThrow(ConnectionFailed)
  })
})

describe('faults', () => {
  test('no socket, and a socket that nobody listens on', async () => {
    const client = createClient({ socket: '/nowhere/overmind.sock' })
    await expect(client.status()).rejects.toThrow(DaemonNotRunning)
    await expect(client.status()).rejects.toMatchObject({ code: 'daemon_not_running' })
    await expect(Array.fromAsync(client.events())).rejects.toThrow(DaemonNotRunning)
    const tooLong = createClient({ home: `/tmp/${'x'.repeat(200)}` })
    await expect(tooLong.status()).rejects.toThrow(DaemonNotRunning)
  })

  test('a problem of the daemon keeps code, sentence, status and field', async () => {
    const problem = {
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      code: 'invalid_spec',
      detail: 'name must be text',
      field: 'name',
    }
    await using stub = await stubServer((_, response) =>
      response.writeHead(400, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem)),
    )
    const client = createClient({ home: stub.home })
    const fault = await client.get('a').catch((error: unknown) => error)
    expect(fault).toBeInstanceOf(ApiError)
    expect(fault).toMatchObject({
      code: 'invalid_spec',
      message: 'name must be text',
      status: 400,
      field: 'name',
    })
    await expect(Array.fromAsync(client.logs('a'))).rejects.toMatchObject({ code: 'invalid_spec' })
  })

  test('a refusal without a problem is internal', async () => {
    await using stub = await stubServer((_, response) => response.writeHead(500).end('oh no'))
    await expect(createClient({ home: stub.home }).status()).rejects.toMatchObject({
      code: 'internal',
      status: 500,
    })
  })

  test('an answer that is not JSON', async () => {
    await using stub = await stubServer((_, response) => response.end('<html>'))
    await expect(createClient({ home: stub.home }).status()).rejects.toThrow('is not an Overmind daemon')
  })

  test('something else listens on the socket', async () => {
    await using stub = await stubServer(() => {})
    const socket = join(stub.home, 'other.sock')
    const other = createServer((connection) => connection.end('220 ready\r\n\r\n'))
    await new Promise<void>((resolve) => {
      other.listen(socket, resolve)
    })
    await expect(createClient({ socket }).status()).rejects.toThrow('is not an Overmind daemon')
    other.close()
  })

  test('a daemon that ends before it answers', async () => {
    await using stub = await stubServer((request) => void request.socket.destroy())
    await expect(createClient({ home: stub.home }).kill('a')).rejects.toMatchObject({
      code: 'connection_failed',
    })
  })

  test.each(['', '.', '..'])('%j names no mission, nor any other path', async (ref) => {
    await using stub = await stubServer((_, response) => response.end('{}'))
    const client = createClient({ home: stub.home })
    await expect(client.get(ref)).rejects.toMatchObject({ code: 'not_found' })
    await expect(client.stop(ref)).rejects.toMatchObject({ code: 'not_found' })
    await expect(Array.fromAsync(client.logs(ref))).rejects.toMatchObject({ code: 'not_found' })
    expect(stub.requests).toEqual([])
  })

  test('a signal that is aborted before or while waiting', async () => {
    await using stub = await stubServer(() => {})
    const client = createClient({ home: stub.home })
    const reason = new Error('enough')
    await expect(client.status({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    const waiting = client.wait('a', { signal: controller.signal })
    setImmediate(() => controller.abort(reason))
    await expect(waiting).rejects.toBe(reason)
  })
})

test('many calls at once are all answered, at most 64 at a time', async () => {
  let open = 0
  let most = 0
  await using stub = await stubServer((_, response) => {
    open += 1
    most = Math.max(most, open)
    setTimeout(() => {
      open -= 1
      response.writeHead(201, ok).end('{"id":"1"}')
    }, 5)
  })
  const client = createClient({ home: stub.home })
  const answers = await Promise.all(Array.from({ length: 500 }, () => client.start({ command: 'true' })))
  expect(answers).toHaveLength(500)
  expect(most).toBeGreaterThan(16)
  expect(most).toBeLessThanOrEqual(64)
})

describe('who waits for a mission', () => {
  const many = 200

  test('keeps no other call from being sent', async () => {
    await using stub = await stubServer((request, response) => {
      if (request.url === '/v1/missions/over/wait' || request.url === '/v1/status')
        response.end('{"answer":1}')
    })
    const client = createClient({ home: stub.home })
    const stopped = new AbortController()
    const { signal } = stopped
    const waiting = Array.from({ length: many }, (_, index) =>
      index % 2 === 0 ? client.wait(`m${index}`, { signal }) : client.answer('m', `${index}`, { signal }),
    )
    expect(await client.wait('over')).toEqual({ answer: 1 })
    expect(await client.status()).toEqual({ answer: 1 })
    stopped.abort()
    expect((await Promise.allSettled(waiting)).every(({ status }) => status === 'rejected')).toBe(true)
  })
})

test('a call that waits for its turn gives up on its signal, and gives the turn to nobody', async () => {
  const held: ServerResponse[] = []
  const all = Promise.withResolvers<void>()
  await using stub = await stubServer((request, response) => {
    if (request.url !== '/v1/missions/held/stop') return void response.end('{"answer":1}')
    held.push(response)
    if (held.length === 64) all.resolve()
  })
  const client = createClient({ home: stub.home })
  const stops = Array.from({ length: 64 }, () => client.stop('held'))
  await all.promise
  const givingUp = new AbortController()
  const reason = new Error('enough')
  const given = client.status({ signal: givingUp.signal })
  const next = client.status()
  givingUp.abort(reason)
  await expect(given).rejects.toBe(reason)
  await expect(client.status({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  for (const response of held) response.end('{"answer":2}')
  expect(await next).toEqual({ answer: 1 })
  expect(await Promise.all(stops)).toHaveLength(64)
  expect(stub.requests).toHaveLength(65)
})

test('an answer of megabytes arrives whole', async () => {
  const missions = Array.from({ length: 20_000 }, (_, index) => ({
    id: String(index),
    name: 'ü'.repeat(100),
  }))
  await using stub = await stubServer((_, response) =>
    response.writeHead(200, ok).end(JSON.stringify({ revision: 1, missions })),
  )
  expect((await createClient({ home: stub.home }).list()).missions).toEqual(missions)
})

test('the home is the one given, that of the environment, or ~/.overmind', () => {
  const { HOME, OVERMIND_HOME } = process.env
  try {
    process.env['HOME'] = '/home/me'
    delete process.env['OVERMIND_HOME']
    expect(resolveHome()).toBe('/home/me/.overmind')
    process.env['OVERMIND_HOME'] = ''
    expect(resolveHome()).toBe('/home/me/.overmind')
    process.env['OVERMIND_HOME'] = '/elsewhere/'
    expect(resolveHome()).toBe('/elsewhere')
    expect(resolveHome('/given')).toBe('/given')
    expect(createClient({ home: '/given' }).socket).toBe('/given/overmind.sock')
  } finally {
    process.env['HOME'] = HOME
    if (OVERMIND_HOME === undefined) delete process.env['OVERMIND_HOME']
    else process.env['OVERMIND_HOME'] = OVERMIND_HOME
  }
})
