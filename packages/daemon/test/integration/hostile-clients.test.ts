/** Whoever may open the socket may do everything; what one does wrong must not keep others from being served. */
import { connect, createServer, type Socket } from 'node:net'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withPrivateMask } from '@overmind/core'
import { type Daemon, list, start, startDaemon, waitFor } from '../support/daemon.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryHome, type TemporaryHome } from '../support/home.ts'

let home: TemporaryHome
let daemon: Daemon
beforeAll(async () => {
  home = await temporaryHome()
  daemon = await startDaemon(home.path)
})
afterAll(async () => {
  await home[Symbol.asyncDispose]()
})

/** The queue of a socket is full for a moment only, and who comes then comes again. */
const hasRoom = (): Promise<boolean> =>
  daemon.get('/v1/status').then(
    () => true,
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return false
      throw error
    },
  )

const serves = async (): Promise<void> => {
  await eventually('there is room in the queue of the socket', hasRoom)
  const { id } = await start(daemon, { command: 'echo fine' })
  expect(await waitFor(daemon, id)).toMatchObject({ exit_class: 'completed' })
  expect(await daemon.text(`/v1/missions/${id}/logs`)).toBe('fine\n')
}

describe('what is sent', () => {
  const nested = (open: string, close: string, depth: number): string =>
    open.repeat(depth) + close.repeat(depth)
  test.each([
    [
      'options',
      '/v1/missions',
      `{"command":"true","cwd":"/tmp","options":{"a":${nested('[', ']', 100_000)}}}`,
    ],
    [
      'a ritual',
      '/v1/missions',
      `{"provider":"ritual","options":${nested('{"mission":{"provider":"ritual","options":', '}}', 50_000).replace(':}', ':1}')}}`,
    ],
    ['a blueprint', '/v1/pipelines', `{"document":${nested('{"a":', '}', 100_000).replace(':}', ':1}')}}`],
    ['a stop', '/v1/missions/none/stop', nested('[', ']', 100_000)],
  ])('as deep as it likes is refused: %s', async (_, path, raw) => {
    const answer = await daemon.call<{ code: string }>('POST', path, {
      raw,
      headers: { 'content-type': 'application/json' },
    })
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    await serves()
  })

  test.each(['__proto__', 'constructor', '%2e%2e%2f%2e%2e%2fetc', '%00', '-rf', '--all', '%1b%5d0;x%07'])(
    'as the name of a mission is only a name: %s',
    async (name) => {
      expect(await daemon.call('GET', `/v1/missions/${name}`)).toMatchObject({
        status: 404,
        body: { code: 'not_found' },
      })
      const path = `/v1/missions/${name}/output`
      expect(await daemon.call('GET', path)).toMatchObject({ status: 404 })
    },
  )

  test('with a header or a body without end is cut off', async () => {
    const header = await daemon.call('GET', '/v1/status', { headers: { x: 'x'.repeat(100_000) } })
    expect(header.status).toBe(431)
    const body = daemon.call('POST', '/v1/missions', {
      raw: Buffer.alloc(9 * 1024 * 1024),
      headers: { 'content-type': 'application/json' },
    })
    // The answer is there before all has been sent: who goes on sending may meet the end of the connection first.
    const answer = await body.then(
      ({ status }) => status,
      (error: NodeJS.ErrnoException) => error.code,
    )
    expect([400, 'EPIPE', 'ECONNRESET']).toContain(answer)
    await serves()
  })
})

test('output is no page to a browser', async () => {
  const { id } = await start(daemon, { command: 'echo "<script>alert(1)</script>"' })
  await waitFor(daemon, id)
  for (const route of ['logs', 'output']) {
    const { headers } = await daemon.call('GET', `/v1/missions/${id}/${route}`)
    expect(headers['content-type']).toMatch(/^(?:text\/plain|application\/octet-stream)/)
    expect(headers['x-content-type-options']).toBe('nosniff')
  }
})

describe('many clients', () => {
  /** Opens connections that say what is given, and nothing else. */
  async function open(
    count: number,
    text: string,
  ): Promise<Disposable & { readonly sockets: readonly Socket[] }> {
    const sockets: Socket[] = []
    while (sockets.length < count) {
      const some = Array.from({ length: 250 }, () => connect(daemon.socket))
      for (const socket of some) {
        socket.on('error', () => {})
        socket.resume().write(text)
      }
      await eventually('each is open or cut off', () => some.every(({ connecting }) => !connecting))
      sockets.push(...some)
    }
    return { sockets, [Symbol.dispose]: () => sockets.forEach((socket) => socket.destroy()) }
  }

  test('three thousand that never ask a whole question do not keep others from being served', async () => {
    await using small = await temporaryHome()
    const before = daemon
    // As many files as a small container allows.
    daemon = await startDaemon(small.path, { openFiles: 1024 })
    try {
      using slow = await open(3000, 'GET /v1/sta')
      await serves()
      expect(slow.sockets.filter(({ destroyed }) => !destroyed).length).toBeLessThanOrEqual(512)
    } finally {
      await daemon.kill()
      daemon = before
    }
  })

  test('a thousand waits and subscriptions that nobody reads do not keep others from being served', async () => {
    const { id } = await start(daemon, { command: 'while sleep 0.05; do echo x; done' })
    using _ = await open(500, `GET /v1/missions/${id}/wait HTTP/1.1\r\nhost: x\r\n\r\n`)
    using __ = await open(250, `GET /v1/missions/${id}/logs?follow=true HTTP/1.1\r\nhost: x\r\n\r\n`)
    using ___ = await open(250, 'GET /v1/events?follow=true HTTP/1.1\r\nhost: x\r\n\r\n')
    await serves()
    await daemon.post(`/v1/missions/${id}/kill`)
    expect((await list(daemon)).find((mission) => mission.id === id)).toMatchObject({ status: 'killed' })
  })
})

test('a socket is private from the moment in which it is there, and what is made later has the mask of before', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ovd-'))
  const umask = process.umask(0)
  const server = createServer()
  try {
    withPrivateMask(() => server.listen(join(folder, 'socket')))
    expect((statSync(join(folder, 'socket')).mode & 0o777).toString(8)).toBe('600')
    writeFileSync(join(folder, 'later'), '')
    expect((statSync(join(folder, 'later')).mode & 0o777).toString(8)).toBe('666')
    await once(server, 'listening')
  } finally {
    process.umask(umask)
    server.close()
    rmSync(folder, { recursive: true })
  }
})
