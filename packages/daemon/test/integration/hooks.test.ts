/** Hooks with a real daemon, a real web server and real programs: who is told of what, how often, and what remains. */
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  deadDeliverySchema,
  hookSchema,
  hookTestSchema,
  problemSchema,
  reloadedSchema,
} from '../../src/api/schemas.ts'
import type { DeadDeliveryView, HookTest, HookView, MissionView, Problem, Reloaded } from '../../src/index.ts'
import type { Api } from '../support/api.ts'
import { type Daemon, events, program, start, startDaemon, tryDaemon, waitFor } from '../support/daemon.ts'
import { eventually, soon } from '../support/eventually.ts'
import { type TemporaryHome, temporaryHome } from '../support/home.ts'
import { editStore } from '../support/store-file.ts'
import { receiver } from '../support/receiver.ts'

async function configure(home: TemporaryHome, text: string): Promise<void> {
  await mkdir(home.path, { recursive: true, mode: 0o700 })
  await writeFile(join(home.path, 'config.toml'), text, { mode: 0o600 })
}

const hook = (name: string, lines: string): string =>
  `[[hooks]]\nname = "${name}"\nevents = ["mission.exited"]\n${lines}\n`

const toUrl = (url: string, more = ''): string => hook('web', `url = "${url}"\n${more}`)

/** A hook that runs a line of shell: the program is the shell, and what it is told comes on stdin. */
const toShell = (line: string, more = ''): string =>
  hook('shell', `command = ["sh", "-c", '''${line}''']\n${more}`)

async function run(api: Api, command: string, name?: string): Promise<MissionView> {
  const { id } = await start(api, { command, ...(name === undefined ? {} : { name }) })
  return waitFor(api, id)
}

async function hooks(api: Api): Promise<readonly HookView[]> {
  const { hooks: found } = await api.get<{ hooks: readonly HookView[] }>('/v1/hooks')
  for (const each of found) hookSchema.parse(each)
  return found
}

async function only(api: Api): Promise<HookView> {
  const [first, ...others] = await hooks(api)
  expect(others).toEqual([])
  if (first === undefined) throw new Error('there is no hook')
  return first
}

async function dead(api: Api, query = ''): Promise<readonly DeadDeliveryView[]> {
  const { deliveries } = await api.get<{ deliveries: readonly DeadDeliveryView[] }>(`/v1/hooks/dead${query}`)
  for (const each of deliveries) deadDeliverySchema.parse(each)
  return deliveries
}

const isDead = (api: Api): Promise<DeadDeliveryView> =>
  eventually('a delivery is dead', async () => (await dead(api))[0])

const logOf = (home: TemporaryHome): string => readFileSync(join(home.path, 'daemon.log'), 'utf8')

describe.concurrent('an event', () => {
  test('is posted, signed, with what it is about', async () => {
    await using home = await temporaryHome()
    await using web = await receiver()
    const more = `headers = { Authorization = { env = "TOKEN" }, X-File = { file = "word" } }\nsecret = "key"`
    await configure(home, toUrl(`${web.url}/a?b=c`, more))
    await writeFile(join(home.path, 'word'), 'from a file\n')
    const daemon = await startDaemon(home.path, { env: { TOKEN: 'Bearer of it' } })
    const { id } = await run(daemon, 'exit 3', 'tests')
    const { path, headers, body, told } = await eventually('it has come', () => web.requests[0])
    expect(path).toBe('/a?b=c')
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'overmind-delivery': told.delivery,
      'overmind-signature': `sha256=${createHmac('sha256', 'key').update(body).digest('hex')}`,
      authorization: 'Bearer of it',
      'x-file': 'from a file',
    })
    const event = (await events(daemon, id)).find(({ type }) => type === 'mission.exited')
    expect(told).toEqual({
      hook: 'web',
      delivery: `web-${event?.seq}`,
      event,
      mission: expect.objectContaining({ id, name: 'tests', status: 'crashed', exit_code: 3 }),
    })
    await eventually('it counts', async () => (await only(daemon)).delivered === 1)
    expect(await only(daemon)).toEqual({
      name: 'web',
      events: ['mission.exited'],
      filter: [],
      to: `${web.url}/…`,
      delivered: 1,
      waiting: 0,
      dead: 0,
      last_error: null,
      last_error_at: null,
    })
  })

  test('is handed to a program, on stdin and in its environment', async () => {
    await using home = await temporaryHome()
    const line = `echo "$OVERMIND_HOOK $OVERMIND_EVENT $OVERMIND_MISSION_ID $OVERMIND_MISSION_NAME $PWD $OWN" >>${home.file('said')}; cat >>${home.file('body')}`
    await configure(home, toShell(line))
    const daemon = await startDaemon(home.path, { env: { OWN: 'of the daemon' } })
    const { id } = await run(daemon, 'true', 'tests')
    await eventually('it has arrived', async () => (await only(daemon)).delivered === 1)
    expect(home.lines('said')).toEqual([`shell mission.exited ${id} tests ${home.path} of the daemon`])
    expect(JSON.parse(home.lines('body')[0] ?? '')).toMatchObject({ hook: 'shell', mission: { id } })
  })

  test('is for those hooks whose events and filters it passes', async () => {
    await using home = await temporaryHome()
    await using web = await receiver()
    const to = (name: string, events: string, more = ''): string =>
      `[[hooks]]\nname = "${name}"\nevents = [${events}]\nurl = "${web.url}"\n${more}\n`
    await configure(
      home,
      to('crashed', '"mission.exited"', 'filter = ["status=crashed", "name=a*"]') +
        to('all', '"mission.created", "mission.exited"') +
        to('runtime', '"runtime.*"') +
        to('removed', '"mission.removed"'),
    )
    const daemon = await startDaemon(home.path)
    await run(daemon, 'true', 'a-well')
    const { id } = await run(daemon, 'exit 1', 'a-ill')
    await run(daemon, 'exit 1', 'b-ill')
    await daemon.call('DELETE', `/v1/missions/${id}`)
    const of = (name: string): readonly string[] =>
      web.requests
        .filter(({ told }) => told.hook === name)
        .map(({ told: { event, mission } }) => `${event.type} ${mission?.name ?? null}`)
        .toSorted()
    await eventually('all have come', () => web.requests.length >= 9)
    expect(of('crashed')).toEqual(['mission.exited a-ill'])
    expect(of('all')).toEqual(
      ['a-ill', 'a-well', 'b-ill']
        .flatMap((name) => [`mission.created ${name}`, `mission.exited ${name}`])
        .toSorted(),
    )
    expect(of('runtime')).toEqual(['runtime.started null'])
    expect(of('removed')).toEqual(['mission.removed null'])
  })

  test('makes no events', async () => {
    await using home = await temporaryHome()
    await using web = await receiver()
    const all = ['mission.*', 'run.*', 'runtime.*'].map((each) => `"${each}"`).join(', ')
    await configure(home, `[[hooks]]\nname = "all"\nevents = [${all}]\nurl = "${web.url}"`)
    const daemon = await startDaemon(home.path)
    await run(daemon, 'true')
    const written = await events(daemon)
    await eventually('all have come', () => web.requests.length === written.length)
    expect(await events(daemon)).toHaveLength(written.length)
    expect(web.requests.map(({ told }) => told.event.seq).toSorted((a, b) => a - b)).toEqual(
      written.map(({ seq }) => seq),
    )
  })
})

describe.concurrent('a receiver', () => {
  test('that fails for a while gets it in the end, once, by the same name', async () => {
    await using home = await temporaryHome()
    await using web = await receiver(
      (_, response, count) => void response.writeHead(count < 3 ? 500 : 200).end(),
    )
    await configure(home, toUrl(web.url))
    const daemon = await startDaemon(home.path)
    await run(daemon, 'true')
    await eventually('it has failed', async () => (await only(daemon)).last_error !== null)
    expect(await only(daemon)).toMatchObject({
      waiting: 1,
      last_error: 'answered 500 Internal Server Error',
      last_error_at: expect.any(String),
    })
    await eventually('it has arrived', async () => (await only(daemon)).delivered === 1)
    expect(new Set(web.deliveries()).size).toBe(1)
    expect(web.requests).toHaveLength(3)
    const [first, second, third] = web.requests.map(({ at }) => at)
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(700)
    expect((third ?? 0) - (second ?? 0)).toBeGreaterThan(1400)
  })

  test('that never answers is given up, and the event is dead after the last try', async () => {
    await using home = await temporaryHome()
    await using web = await receiver(() => {})
    // Long enough for the request to arrive, also on a machine that is busy.
    await configure(home, toUrl(web.url, 'timeout = "500ms"\nretries = 1'))
    const daemon = await startDaemon(home.path)
    const { id } = await run(daemon, 'true')
    expect(await isDead(daemon)).toMatchObject({
      delivery: web.deliveries()[0],
      hook: 'web',
      event: 'mission.exited',
      mission: id,
      attempts: 2,
      error: 'did not answer within 0.5 s',
    })
    expect(web.requests).toHaveLength(2)
    await eventually('it is told', () => logOf(home).includes('a delivery is dead'))
  })

  test.each([410, 404])('that answers %i is not asked again', async (status) => {
    await using home = await temporaryHome()
    await using web = await receiver((_, response) => void response.writeHead(status).end())
    await configure(home, toUrl(web.url))
    const daemon = await startDaemon(home.path)
    await run(daemon, 'true')
    expect(await isDead(daemon)).toMatchObject({
      attempts: 1,
      error: expect.stringContaining(String(status)),
    })
    expect(await only(daemon)).toMatchObject({ delivered: 0, waiting: 0, dead: 1 })
  })

  test('that answers 429 is left alone for as long as it says', async () => {
    await using home = await temporaryHome()
    await using web = await receiver((_, response, count) =>
      count === 1
        ? void response.writeHead(429, { 'retry-after': '3' }).end()
        : void response.writeHead(204).end(),
    )
    await configure(home, toUrl(web.url))
    const daemon = await startDaemon(home.path)
    await run(daemon, 'true')
    await eventually('it has come again', () => web.requests.length === 2)
    expect((web.requests[1]?.at ?? 0) - (web.requests[0]?.at ?? 0)).toBeGreaterThan(2950)
  })

  test('that wants to speak another protocol has not got it, and holds nothing up', async () => {
    await using home = await temporaryHome()
    const server = createServer((connection) => {
      connection.on('error', () => {})
      connection.once('data', () =>
        connection.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n'),
      )
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    home.defer(() => void server.close())
    const { port } = server.address() as AddressInfo // of TCP, as it was asked to listen
    await configure(home, toUrl(`http://127.0.0.1:${port}`, 'retries = 0'))
    const daemon = await startDaemon(home.path)
    const reason = 'the connection was closed without an answer'
    expect(await soon('the test', daemon.post('/v1/hooks/web/test'))).toMatchObject({
      delivered: false,
      reason,
    })
    await run(daemon, 'true')
    expect(await isDead(daemon)).toMatchObject({ error: reason })
    await daemon.shutdown(false)
  })

  test('that points elsewhere is not followed there', async () => {
    await using home = await temporaryHome()
    await using web = await receiver(
      (_, response) => void response.writeHead(307, { location: '/other' }).end(),
    )
    await configure(home, toUrl(`${web.url}/here`, 'retries = 0'))
    const daemon = await startDaemon(home.path)
    await run(daemon, 'true')
    expect((await isDead(daemon)).error).toBe('answered 307 Temporary Redirect: redirects are not followed')
    expect(web.requests.map(({ path }) => path)).toEqual(['/here'])
  })

  test('is not asked for more than four at a time, and holds nobody else up', async () => {
    await using home = await temporaryHome()
    await using deaf = await receiver(() => {})
    await using web = await receiver()
    await configure(home, toUrl(web.url) + hook('deaf', `url = "${deaf.url}"\ntimeout = "1h"`))
    const daemon = await startDaemon(home.path)
    await Promise.all(Array.from({ length: 12 }, () => run(daemon, 'true')))
    await eventually('the other has all', () => web.requests.length === 12)
    expect(deaf.requests).toHaveLength(4)
    expect(await hooks(daemon)).toMatchObject([{ delivered: 12 }, { delivered: 0, waiting: 12 }])
    const before = performance.now()
    await daemon.shutdown(true)
    expect(performance.now() - before).toBeLessThan(10_000)
  })
})

describe.concurrent('a program', () => {
  test('that fails is told of by its code and the end of what it said', async () => {
    await using home = await temporaryHome()
    const line = String.raw`head -c 5000 /dev/zero | tr "\0" x >&2; printf "\033[31mno\n" >&2; exit 3`
    await configure(home, toShell(line, 'retries = 0'))
    const daemon = await startDaemon(home.path)
    await run(daemon, 'true')
    const { error } = await isDead(daemon)
    expect(error).toMatch(/^ended with exit code 3: x+\^\[\[31mno$/)
    expect(error.length).toBeLessThan(1100)
  })

  test('that is not there is told of, too', async () => {
    await using home = await temporaryHome()
    await configure(home, hook('none', 'command = ["no-such-program"]\nretries = 0'))
    const daemon = await startDaemon(home.path)
    await run(daemon, 'true')
    expect((await isDead(daemon)).error).toBe('could not be started: spawn no-such-program ENOENT')
  })

  test('that ignores SIGTERM and takes too long is ended with its children', async () => {
    await using home = await temporaryHome()
    const line = `trap "" TERM; sleep 1000 & echo $! $$ >>${home.file('pids')}; wait; wait`
    await configure(home, toShell(line, 'timeout = "300ms"\nretries = 0'))
    const daemon = await startDaemon(home.path)
    await run(daemon, 'true')
    expect((await isDead(daemon)).error).toBe('did not end within 0.3 s')
    expect(home.lines('pids')).toHaveLength(1)
    await home.isLeftWith(daemon.pid)
  })

  test('that does not read what it is told, and leaves a child that holds its stderr, has done well', async () => {
    await using home = await temporaryHome()
    await configure(home, toShell('sleep 1000 & exit 0', 'timeout = "20s"'))
    const daemon = await startDaemon(home.path)
    await run(daemon, 'true')
    await eventually('it has arrived', async () => (await only(daemon)).delivered === 1)
    expect(await only(daemon)).toMatchObject({ waiting: 0, last_error: null })
  })

  test('is no part of the mission that it is told of', async () => {
    await using home = await temporaryHome()
    const line = `echo begun >>${home.file('begun')}; while [ ! -e ${home.file('go')} ]; do sleep 0.02; done`
    await configure(
      home,
      `[[hooks]]\nname = "slow"\nevents = ["run.started"]\ncommand = ["sh", "-c", '''${line}''']\ntimeout = "1m"`,
    )
    const daemon = await startDaemon(home.path)
    const { id } = await start(daemon, { command: 'sleep 1000' })
    await eventually('the hook runs', () => home.lines('begun').length === 1)
    const killed = await daemon.post<MissionView>(`/v1/missions/${id}/kill`)
    expect(killed.exit_class).toBe('killed')
    await writeFile(home.file('go'), '')
    await eventually('it has ended well', async () => (await only(daemon)).delivered === 1)
  })

  test('that never ends does not keep the daemon from ending, and is tried again by the next', async () => {
    await using home = await temporaryHome()
    await configure(
      home,
      toShell(`echo $$ >>${home.file('pids')}; exec sleep 1000`, 'timeout = "1h"\nretries = 0'),
    )
    const daemon = await startDaemon(home.path)
    await run(daemon, 'true')
    await eventually('it runs', () => home.lines('pids').length === 1)
    await daemon.shutdown(false)
    await eventually('nothing is left', () => home.processes().length === 0)
    const next = await startDaemon(home.path)
    await eventually('it runs again', () => home.lines('pids').length === 2)
    // To end is no failure of the hook's.
    expect(await only(next)).toMatchObject({ waiting: 1, dead: 0, last_error: null })
  })
})

describe.concurrent('when the daemon is killed', () => {
  test('in the middle of a delivery, the next one delivers, and tries are not forgotten', async () => {
    await using home = await temporaryHome()
    await using web = await receiver((_, response, count) => {
      if (count > 1) response.writeHead(503).end()
    })
    await configure(home, toUrl(web.url, 'retries = 1\ntimeout = "1h"'))
    const daemon = await startDaemon(home.path)
    await run(daemon, 'true')
    await eventually('it is under way', () => web.requests.length === 1)
    await daemon.kill()
    const next = await startDaemon(home.path)
    expect(await isDead(next)).toMatchObject({ attempts: 2, error: 'answered 503 Service Unavailable' })
    expect(web.deliveries()).toHaveLength(2)
    expect(new Set(web.deliveries()).size).toBe(1)
    expect(web.requests[0]?.body).toBe(web.requests[1]?.body)
  })

  test.each(['before', 'after'])('%s an event is written, it is delivered once it is', async (when) => {
    await using home = await temporaryHome()
    await using web = await receiver()
    await configure(home, toUrl(web.url))
    const first = await startDaemon(home.path, {
      main: program('crashing-daemon.ts'),
      env: { CRASH_EVENT: 'mission.exited', CRASH_WHEN: when },
    })
    const { id } = await start(first, { command: 'sleep 0.2; exit 7' })
    await soon('the daemon has died', first.ended)
    expect(web.requests).toEqual([])
    const next = await startDaemon(home.path)
    await eventually('it has come', () => web.requests.length > 0)
    expect(web.requests.map(({ told }) => told.mission)).toMatchObject([{ id, exit_code: 7 }])
    expect(await only(next)).toMatchObject({ waiting: 0, dead: 0 })
  })

  test('what happened meanwhile is delivered by the next', async () => {
    await using home = await temporaryHome()
    await using web = await receiver()
    await configure(home, toUrl(web.url))
    const daemon = await startDaemon(home.path)
    const { id } = await start(daemon, {
      command: `while [ ! -e ${home.file('go')} ]; do sleep 0.02; done; exit 4`,
    })
    await daemon.kill()
    await writeFile(home.file('go'), '')
    await eventually('the mission has ended', () => home.processes().length === 0)
    await startDaemon(home.path)
    await eventually('it has come', () => web.requests.length === 1)
    expect(web.requests[0]?.told.mission).toMatchObject({ id, exit_code: 4 })
  })

  test('again and again, at whatever moment, every event arrives, and each by one name', async () => {
    await using home = await temporaryHome()
    await using web = await receiver((_, response, count) => {
      // Slow enough that a daemon dies over it now and then; and some fail.
      setTimeout(() => response.writeHead(count % 7 === 0 ? 500 : 200).end(), count % 3)
    })
    await configure(home, toUrl(web.url, 'retries = 100'))
    const ids: string[] = []
    for (let round = 0; round < 5; round += 1) {
      const daemon = await startDaemon(home.path)
      const begun = Array.from({ length: 8 }, () =>
        start(daemon, { command: 'true' }).then(
          ({ id }) => ids.push(id),
          () => undefined,
        ),
      )
      const seen = web.requests.length
      await eventually('some have come', () => web.requests.length > seen + round)
      await daemon.kill()
      await Promise.all(begun)
    }
    const last = await startDaemon(home.path)
    const exits = await eventually('all missions have ended', async () => {
      const found = (await events(last)).filter(({ type }) => type === 'mission.exited')
      return ids.every((id) => found.some(({ mission }) => mission === id)) ? found : undefined
    })
    await eventually('each has come', () => exits.every(({ seq }) => web.deliveries().includes(`web-${seq}`)))
    await eventually('nothing waits', async () => (await only(last)).waiting === 0)
    for (const { told } of web.requests) expect(told.delivery).toBe(`web-${told.event.seq}`)
    expect(await dead(last)).toEqual([])
    // Six daemons are started, beside other tests.
  }, 120_000)
})

describe.concurrent('the settings', () => {
  test('are read again on request: a new hook begins at the present', async () => {
    await using home = await temporaryHome()
    await using web = await receiver()
    const daemon = await startDaemon(home.path)
    await run(daemon, 'true', 'before')
    expect(await daemon.post('/v1/reload')).toMatchObject({ exists: false, hooks: [] })
    await configure(home, `[limits]\nmissions = 8\nproviders = { claude = 4 }\n${toUrl(web.url)}`)
    const reloaded = await daemon.post<Reloaded>('/v1/reload')
    expect(reloadedSchema.parse(reloaded)).toEqual({
      path: join(home.path, 'config.toml'),
      exists: true,
      limits: { missions: 8, providers: { claude: 4 }, colonies: {} },
      hooks: [{ name: 'web', change: 'added', dropped: 0 }],
    })
    await run(daemon, 'true', 'behind')
    await eventually('it has come', () => web.requests.length === 1)
    expect(web.requests[0]?.told.mission?.name).toBe('behind')
    expect((await daemon.post<Reloaded>('/v1/reload')).hooks).toMatchObject([{ change: 'unchanged' }])
    await configure(home, toUrl(`${web.url}/other`))
    expect((await daemon.post<Reloaded>('/v1/reload')).hooks).toMatchObject([{ change: 'changed' }])
    await run(daemon, 'true')
    await eventually('it has come to the other place', () => web.requests[1]?.path === '/other')
  })

  test('that are wrong change nothing, and keep a daemon from starting', async () => {
    await using home = await temporaryHome()
    await using web = await receiver()
    await configure(home, toUrl(web.url))
    const daemon = await startDaemon(home.path)
    await configure(home, toUrl(web.url, 'timeot = "1s"\nretries = "x"'))
    const { status, body } = await daemon.call<Problem>('POST', '/v1/reload')
    const path = join(home.path, 'config.toml')
    const detail = `${path}:5:1: hooks.0.timeot: no such field\ndid you mean "timeout"?\n${path}:6:11: hooks.0.retries must be a number: got "x"`
    expect({ status, body: problemSchema.parse(body) }).toMatchObject({
      status: 409,
      body: { code: 'invalid_config', detail },
    })
    await run(daemon, 'true')
    await eventually('it has come all the same', () => web.requests.length === 1)
    await daemon.shutdown(true)
    expect(await tryDaemon(home.path)).toEqual({ error: { code: 'invalid_config', message: detail } })
    await configure(home, toUrl(web.url))
    await chmod(path, 0o620)
    expect(await tryDaemon(home.path)).toMatchObject({
      error: { code: 'invalid_config', message: expect.stringContaining('chmod go-w') },
    })
  })

  test('without a hook drop what waits for it, and keep its dead until they are dropped', async () => {
    await using home = await temporaryHome()
    await using web = await receiver((_, response, count) => {
      if (count === 1) response.writeHead(410).end()
    })
    await configure(home, toUrl(web.url, 'timeout = "1h"'))
    const daemon = await startDaemon(home.path)
    await run(daemon, 'true')
    await isDead(daemon)
    for (let count = 0; count < 6; count += 1) await run(daemon, 'true')
    await eventually('all wait', async () => (await only(daemon)).waiting === 6)
    await eventually('four are under way', () => web.requests.length === 5)
    await configure(home, '')
    expect((await daemon.post<Reloaded>('/v1/reload')).hooks).toEqual([
      { name: 'web', change: 'removed', dropped: 6 },
    ])
    expect(await only(daemon)).toMatchObject({ name: 'web', to: null, waiting: 0, dead: 1 })
    expect((await daemon.call<Problem>('POST', '/v1/hooks/retry', { body: { hook: 'web' } })).body.code).toBe(
      'hook_not_found',
    )
    await daemon.shutdown(true)
    const next = await startDaemon(home.path)
    expect(await dead(next, '?hook=web')).toHaveLength(1)
    expect(await next.post('/v1/hooks/drop', { hook: 'web' })).toEqual({ dropped: 1 })
    expect(await hooks(next)).toEqual([])
    // What was under way when the hook went was given up, and not delivered later.
    expect(web.requests).toHaveLength(5)
  })
})

describe.concurrent('what is dead', () => {
  test('waits again when it is asked to, and its body is what it was, also without its mission', async () => {
    await using home = await temporaryHome()
    let status = 410
    await using web = await receiver((_, response) => void response.writeHead(status).end())
    await configure(home, toUrl(web.url))
    const daemon = await startDaemon(home.path)
    const { id } = await run(daemon, 'true')
    await isDead(daemon)
    await daemon.call('DELETE', `/v1/missions/${id}`)
    expect(await events(daemon)).not.toContainEqual(expect.objectContaining({ type: 'mission.exited' }))
    status = 200
    expect(await daemon.post('/v1/hooks/retry', { hook: 'web' })).toEqual({ retried: 1 })
    await eventually('it has arrived', async () => (await only(daemon)).delivered === 1)
    expect(web.requests[1]?.body).toBe(web.requests[0]?.body)
    expect(web.requests[1]?.told.mission?.id).toBe(id)
    expect(await daemon.post('/v1/hooks/retry')).toEqual({ retried: 0 })
  })

  test.each([
    ['GET', '/v1/hooks/dead?hook=nobody', undefined],
    ['POST', '/v1/hooks/retry', { hook: 'nobody' }],
    ['POST', '/v1/hooks/drop', { hook: 'nobody' }],
    ['POST', '/v1/hooks/nobody/test', undefined],
  ])('%s %s of a hook that there is not', async (method, path, body) => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const answer = await daemon.call<Problem>(method, path, { body })
    expect(answer).toMatchObject({ status: 404, body: { code: 'hook_not_found' } })
  })
})

test('a test says whether it arrived, at once, and leaves nothing behind', async () => {
  await using home = await temporaryHome()
  let status = 200
  await using web = await receiver((_, response) => void response.writeHead(status).end())
  await configure(home, toUrl(web.url))
  const daemon = await startDaemon(home.path)
  expect(hookTestSchema.parse(await daemon.post<HookTest>('/v1/hooks/web/test'))).toMatchObject({
    delivered: true,
    reason: null,
  })
  expect(web.requests[0]?.told).toMatchObject({ hook: 'web', event: { type: 'hook.test' }, mission: null })
  status = 500
  expect(await daemon.post('/v1/hooks/web/test')).toMatchObject({
    delivered: false,
    reason: 'answered 500 Internal Server Error',
  })
  expect(await only(daemon)).toMatchObject({ delivered: 0, waiting: 0, dead: 0 })
})

test('a secret is nowhere but where it is sent', async () => {
  await using home = await temporaryHome()
  await using web = await receiver((request, response) => {
    // A receiver that repeats all that it was sent.
    response.writeHead(500, 'no', { 'x-echo': request.headers.authorization ?? '' })
    response.end(JSON.stringify(request.headers))
  })
  const secrets = ['plain-7f3a', 'of-the-environment-91bc', 'of-a-file-55de', 'for-signing-20aa', 'path-77cc']
  const [plain, env, file, signing, path] = secrets
  await writeFile(home.file('secret'), `${file}\n`)
  const more = `headers = { Authorization = "${plain}", X-Env = { env = "WORD" }, X-File = { file = "${home.file('secret')}" }, X-None = { env = "NOT_THERE" } }`
  await configure(
    home,
    hook(
      'web',
      `url = "${web.url}/${path}"\n${more.replace(/, X-None.*/, ' }')}\nsecret = "${signing}"\nretries = 0`,
    ) + hook('broken', `url = "${web.url}/${path}"\n${more}\nretries = 0`),
  )
  const daemon = await startDaemon(home.path, { env: { WORD: env ?? '' } })
  // Without an environment of its own it would get, and keep, that of the daemon.
  const { id } = await start(daemon, { command: 'true', env: { PATH: process.env['PATH'] ?? '' } })
  await waitFor(daemon, id)
  await eventually('both are dead', async () => (await dead(daemon)).length === 2)
  expect(web.requests[0]?.headers).toMatchObject({ authorization: plain, 'x-env': env, 'x-file': file })
  const asked = await Promise.all([
    hooks(daemon),
    dead(daemon),
    daemon.post('/v1/hooks/web/test'),
    daemon.post('/v1/hooks/broken/test'),
    daemon.post('/v1/reload'),
    events(daemon),
  ])
  expect(JSON.stringify(asked)).toContain('headers.X-None: the variable NOT_THERE is not set')
  await daemon.shutdown(true)
  const files = readdirSync(home.path).filter((name) => /^(?:overmind\.db|daemon\.log)/.test(name))
  expect(files.length).toBeGreaterThan(1)
  const kept = files.map((name) => readFileSync(join(home.path, name), 'latin1'))
  for (const secret of secrets) {
    for (const text of [JSON.stringify(asked), ...kept]) expect(text.includes(secret)).toBe(false)
  }
})

/** Puts deliveries for the hook `web` into the store of a home that has had a daemon. */
function fillQueue(home: TemporaryHome, count: number): void {
  editStore(
    home.path,
    `WITH RECURSIVE n(i) AS (SELECT 1000000 UNION ALL SELECT i + 1 FROM n WHERE i < 999999 + ?)
     INSERT INTO hook_deliveries (hook, seq, type, body, due_at)
     SELECT 'web', i, 'mission.exited', json_object('hook', 'web', 'delivery', 'web-' || i, 'pad', printf('%.*c', 1000, 'x')), 0 FROM n`,
    count,
  )
}

async function heapOf(daemon: Daemon): Promise<number> {
  const said = daemon.stderr().length
  daemon.signal('SIGUSR2')
  return eventually('the daemon says how much memory it uses', () => {
    const [, bytes] = /^heap (\d+)\n$/.exec(daemon.stderr().slice(said)) ?? []
    return bytes === undefined ? undefined : Number(bytes)
  })
}

const TELLS_HEAP = { node: ['--expose-gc', '--import', program('tells-heap.ts')] }

test('a hundred thousand that wait take room on the disk and not in memory', async () => {
  await using home = await temporaryHome()
  await using web = await receiver(() => {})
  await configure(home, toUrl(web.url, 'timeout = "1h"'))
  await (await startDaemon(home.path)).shutdown(true)
  fillQueue(home, 100_000)
  const daemon = await startDaemon(home.path, TELLS_HEAP)
  await eventually('some are under way', () => web.requests.length === 4)
  expect(await only(daemon)).toMatchObject({ waiting: 100_000 })
  expect(web.deliveries().toSorted()).toEqual([0, 1, 2, 3].map((n) => `web-${1_000_000 + n}`))
  // The rows alone are a hundred megabytes.
  expect(await heapOf(daemon)).toBeLessThan(50 * 1024 * 1024)
  await run(daemon, 'true')
})

test('thousands that are delivered leave nothing behind in memory', async () => {
  await using home = await temporaryHome()
  await using web = await receiver((_, response) => void response.writeHead(204).end())
  await configure(home, toUrl(web.url, 'timeout = "1h"'))
  await (await startDaemon(home.path)).shutdown(true)
  fillQueue(home, 1000)
  const daemon = await startDaemon(home.path, TELLS_HEAP)
  await eventually('the first have come', async () => (await only(daemon)).waiting === 0, 60_000)
  const heap = await heapOf(daemon)
  await daemon.shutdown(true)
  fillQueue(home, 5000)
  const next = await startDaemon(home.path, TELLS_HEAP)
  await eventually('all have come', async () => (await only(next)).waiting === 0, 60_000)
  expect(((await heapOf(next)) - heap) / 4000).toBeLessThan(300)
}, 150_000)

test('events that are gone before a hook has read them are told of in the log', async () => {
  await using home = await temporaryHome()
  await using web = await receiver()
  await configure(home, toUrl(web.url))
  const daemon: Daemon = await startDaemon(home.path)
  await run(daemon, 'true')
  await eventually('it has come', () => web.requests.length === 1)
  await daemon.shutdown(true)
  const last = (
    await startDaemon(home.path).then(async (again) => {
      const all = await events(again)
      await again.shutdown(true)
      return all
    })
  ).at(-1)
  editStore(home.path, 'DELETE FROM events WHERE seq > 2')
  editStore(home.path, 'UPDATE hooks SET cursor = 2')
  await startDaemon(home.path)
  await eventually('it is told', () => logOf(home).includes('no longer kept'))
  expect(logOf(home)).toMatch(new RegExp(`"hook":"web","after":2,"next":${(last?.seq ?? 0) + 2}`))
})
