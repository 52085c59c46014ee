import { readdirSync, readFileSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import {
  descriptionSchema,
  missionListSchema,
  missionSchema,
  problemSchema,
  prunedSchema,
  statusSchema,
} from '../../src/api/schemas.ts'
import type { EventView, LogLine, MissionList, MissionView, Problem, WatchMessage } from '../../src/index.ts'
import {
  type Daemon,
  events,
  list,
  ndjson,
  program,
  show,
  start,
  startDaemon,
  story,
  waitFor,
} from '../support/daemon.ts'
import { eventually, soon } from '../support/eventually.ts'
import { type TemporaryHome, temporaryHome } from '../support/home.ts'
import { openIn } from '../support/processes.ts'

let home: TemporaryHome
let daemon: Daemon

beforeAll(async () => {
  home = await temporaryHome()
  daemon = await startDaemon(home.path, { env: { DAEMON_SECRET: 'daemon-secret-value' } })
})
afterAll(() => home[Symbol.asyncDispose]())

const LONG = 'x'.repeat(200_000)

describe('a bad request', () => {
  const m = (path: string): string => `/v1/missions${path}`
  const post = (body: unknown): { body: unknown } => ({ body })
  const TABLE: readonly (readonly [
    string,
    string,
    string,
    {
      readonly body?: unknown
      readonly raw?: string | Uint8Array
      readonly headers?: Record<string, string>
    },
    number,
    string,
  ])[] = [
    ['no body', 'POST', m(''), {}, 400, 'invalid_request'],
    ['a body that is not JSON', 'POST', m(''), { raw: '{"command":' }, 400, 'invalid_request'],
    [
      'a body that is not UTF-8',
      'POST',
      m(''),
      { raw: new Uint8Array([0xff, 0xfe, 0x00]) },
      400,
      'invalid_request',
    ],
    ['a list for an object', 'POST', m(''), post([]), 400, 'invalid_request'],
    ['null for an object', 'POST', m(''), post(null), 400, 'invalid_request'],
    ['no command', 'POST', m(''), post({}), 400, 'empty_command'],
    ['an empty command', 'POST', m(''), post({ command: '' }), 400, 'empty_command'],
    ['a command of blanks', 'POST', m(''), post({ command: ' \n\t' }), 400, 'empty_command'],
    ['an empty list of words', 'POST', m(''), post({ command: [] }), 400, 'empty_command'],
    ['a program without a name', 'POST', m(''), post({ command: [''] }), 400, 'empty_command'],
    ['a command that is a number', 'POST', m(''), post({ command: 7 }), 400, 'invalid_spec'],
    ['a word that is a number', 'POST', m(''), post({ command: ['echo', 7] }), 400, 'invalid_spec'],
    ['a NUL in the command', 'POST', m(''), post({ command: 'a\0b' }), 400, 'invalid_spec'],
    ['a command that is too long', 'POST', m(''), post({ command: LONG }), 400, 'command_too_long'],
    [
      'a program that is not there',
      'POST',
      m(''),
      post({ command: ['no-such-program'] }),
      400,
      'command_not_found',
    ],
    [
      'a program that cannot be run',
      'POST',
      m(''),
      post({ command: ['/etc/passwd'] }),
      400,
      'command_not_executable',
    ],
    ['a folder for a program', 'POST', m(''), post({ command: ['/etc'] }), 400, 'command_not_found'],
    [
      'a directory that is not there',
      'POST',
      m(''),
      post({ command: 'true', cwd: '/no/such' }),
      400,
      'cwd_not_found',
    ],
    [
      'a file for a directory',
      'POST',
      m(''),
      post({ command: 'true', cwd: '/etc/passwd' }),
      400,
      'cwd_not_a_directory',
    ],
    ['a relative directory', 'POST', m(''), post({ command: 'true', cwd: '../..' }), 400, 'invalid_spec'],
    ['a NUL in the directory', 'POST', m(''), post({ command: 'true', cwd: '/tmp\0' }), 400, 'invalid_spec'],
    [
      'a name that is too long',
      'POST',
      m(''),
      post({ command: 'true', name: 'n'.repeat(64) }),
      400,
      'invalid_spec',
    ],
    ['an empty name', 'POST', m(''), post({ command: 'true', name: '' }), 400, 'invalid_spec'],
    ['a path for a name', 'POST', m(''), post({ command: 'true', name: '../x' }), 400, 'invalid_spec'],
    [
      'a control character in the name',
      'POST',
      m(''),
      post({ command: 'true', name: 'a\u001b[1m' }),
      400,
      'invalid_spec',
    ],
    ['an id for a name', 'POST', m(''), post({ command: 'true', name: '0123abcd' }), 400, 'invalid_spec'],
    ['a number for a name', 'POST', m(''), post({ command: 'true', name: 5 }), 400, 'invalid_spec'],
    ['a field that is not known', 'POST', m(''), post({ command: 'true', nice: 1 }), 400, 'invalid_spec'],
    [
      'a field as programs spell it',
      'POST',
      m(''),
      post({ command: 'true', maxRestarts: 1 }),
      400,
      'invalid_spec',
    ],
    [
      'a prototype for a field',
      'POST',
      m(''),
      { raw: '{"command":"true","__proto__":{"x":1}}' },
      400,
      'invalid_spec',
    ],
    [
      'an environment of numbers',
      'POST',
      m(''),
      post({ command: 'true', env: { A: 1 } }),
      400,
      'invalid_spec',
    ],
    [
      'an environment that is a list',
      'POST',
      m(''),
      post({ command: 'true', env: ['A=b'] }),
      400,
      'invalid_spec',
    ],
    [
      'a variable with = in its name',
      'POST',
      m(''),
      post({ command: 'true', env: { 'A=B': 'c' } }),
      400,
      'invalid_spec',
    ],
    [
      'a variable without a name',
      'POST',
      m(''),
      post({ command: 'true', env: { '': 'c' } }),
      400,
      'invalid_spec',
    ],
    [
      'a NUL in a variable',
      'POST',
      m(''),
      post({ command: 'true', env: { A: 'b\0c' } }),
      400,
      'invalid_spec',
    ],
    [
      'a variable that is too long',
      'POST',
      m(''),
      post({ command: 'true', env: { A: LONG } }),
      400,
      'environment_too_large',
    ],
    [
      'a provider that is not known',
      'POST',
      m(''),
      post({ command: 'true', provider: 'toString' }),
      400,
      'unknown_provider',
    ],
    ['a type that is not known', 'POST', m(''), post({ command: 'true', type: 'pod' }), 400, 'invalid_spec'],
    [
      'a restart policy that is not known',
      'POST',
      m(''),
      post({ command: 'true', restart: 'on_failure' }),
      400,
      'invalid_restart_policy',
    ],
    ['negative restarts', 'POST', m(''), post({ command: 'true', max_restarts: -1 }), 400, 'invalid_spec'],
    ['half a restart', 'POST', m(''), post({ command: 'true', max_restarts: 0.5 }), 400, 'invalid_spec'],
    ['a window of no length', 'POST', m(''), post({ command: 'true', max_seconds: 0 }), 400, 'invalid_spec'],
    ['a negative wait', 'POST', m(''), post({ command: 'true', backoff_ms: -1 }), 400, 'invalid_spec'],
    ['a limit of no time', 'POST', m(''), post({ command: 'true', timeout_ms: 0 }), 400, 'invalid_spec'],
    [
      'a limit beyond all time',
      'POST',
      m(''),
      post({ command: 'true', timeout_ms: 1e15 }),
      400,
      'invalid_spec',
    ],
    ['a limit that is text', 'POST', m(''), post({ command: 'true', timeout_ms: '5' }), 400, 'invalid_spec'],
    [
      'a signal that is not known',
      'POST',
      m(''),
      post({ command: 'true', stop_signal: 'SIGNOPE' }),
      400,
      'invalid_spec',
    ],
    [
      'a signal by its number',
      'POST',
      m(''),
      post({ command: 'true', stop_signal: 15 }),
      400,
      'invalid_spec',
    ],
    [
      'an exit code beyond 255',
      'POST',
      m(''),
      post({ command: 'true', success_codes: [256] }),
      400,
      'invalid_spec',
    ],
    [
      'output that is kept for less than a line',
      'POST',
      m(''),
      post({ command: 'true', output_limit_bytes: 1 }),
      400,
      'invalid_spec',
    ],
    ['a mission that is not there', 'GET', m('/nobody'), {}, 404, 'not_found'],
    ['a path for a mission', 'GET', m('/..%2f..%2fetc%2fpasswd'), {}, 404, 'not_found'],
    ['a NUL for a mission', 'GET', m('/%00'), {}, 404, 'not_found'],
    ['broken percent encoding', 'GET', m('/%E0%A4%A'), {}, 404, 'not_found'],
    ['an endless name', 'GET', m(`/${'a'.repeat(4000)}`), {}, 404, 'not_found'],
    ['the log of nobody', 'GET', m('/nobody/logs'), {}, 404, 'not_found'],
    ['the events of nobody', 'GET', '/v1/events?mission=nobody', {}, 404, 'not_found'],
    ['a stop of nobody', 'POST', m('/nobody/stop'), post({}), 404, 'not_found'],
    ['a kill of nobody', 'POST', m('/nobody/kill'), {}, 404, 'not_found'],
    ['a restart of nobody', 'POST', m('/nobody/restart'), {}, 404, 'not_found'],
    ['a removal of nobody', 'DELETE', m('/nobody'), {}, 404, 'not_found'],
    ['a negative stop', 'POST', m('/nobody/stop'), post({ timeout_ms: -5 }), 400, 'invalid_request'],
    [
      'a stop with a field that is not known',
      'POST',
      m('/nobody/stop'),
      post({ now: true }),
      400,
      'invalid_request',
    ],
    ['a filter without a value', 'GET', m('?filter=status'), {}, 400, 'invalid_request'],
    ['a filter that is not known', 'GET', m('?filter=env=x'), {}, 400, 'invalid_request'],
    ['a filter of the language', 'GET', m('?filter=constructor=x'), {}, 400, 'invalid_request'],
    ['fields that are not known', 'GET', m('?fields=id,env'), {}, 400, 'invalid_request'],
    ['no fields', 'GET', m('?fields='), {}, 400, 'invalid_request'],
    ['a table without a width', 'GET', m('?columns=0'), {}, 400, 'invalid_request'],
    ['a table in colours nobody knows', 'GET', m('?colours=red'), {}, 400, 'invalid_request'],
    ['a flag that is neither', 'GET', m('?all=yes'), {}, 400, 'invalid_request'],
    ['a negative revision', 'GET', m('/watch?since=-1'), {}, 400, 'invalid_request'],
    ['a revision that is no number', 'GET', m('/watch?since=new'), {}, 400, 'invalid_request'],
    ['a revision that is nothing', 'GET', '/v1/events?since=', {}, 400, 'invalid_request'],
    ['a revision beyond all numbers', 'GET', '/v1/events?since=1e300', {}, 400, 'invalid_request'],
    ['a filter of a watch that is not known', 'GET', m('/watch?filter=x=y'), {}, 400, 'invalid_request'],
    ['negative age', 'POST', '/v1/prune', post({ older_than_ms: -1 }), 400, 'invalid_request'],
    ['a shutdown that is neither', 'POST', '/v1/shutdown', post({ keep: 'yes' }), 400, 'invalid_request'],
    [
      'a shutdown with a field that is not known',
      'POST',
      '/v1/shutdown',
      post({ kep: true }),
      400,
      'invalid_request',
    ],
    [
      'a shutdown whose body is no JSON',
      'POST',
      '/v1/shutdown',
      { raw: 'keep', headers: { 'content-type': 'application/json' } },
      400,
      'invalid_request',
    ],
    [
      'a shutdown whose body is not called JSON',
      'POST',
      '/v1/shutdown',
      { raw: '{"keep":true}', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      400,
      'invalid_request',
    ],
    ['a route that is not there', 'GET', '/v2/missions', {}, 404, 'not_found'],
    [
      'a parent that is not there',
      'POST',
      m(''),
      post({ command: 'true', parent: 'nobody' }),
      404,
      'parent_not_found',
    ],
    [
      'a fate nobody knows',
      'POST',
      m(''),
      post({ command: 'true', on_parent_exit: 'cry' }),
      400,
      'invalid_spec',
    ],
    ['a membership from outside', 'POST', m(''), post({ command: 'true', team: {} }), 400, 'invalid_spec'],
    ['a team that is a list', 'POST', '/v1/teams', post([]), 400, 'invalid_request'],
    ['a team without members', 'POST', '/v1/teams', post({ strategy: 'one_for_one' }), 400, 'invalid_spec'],
    [
      'a strategy nobody knows',
      'POST',
      '/v1/teams',
      post({ strategy: 'all', members: [{ id: 'a', mission: {} }] }),
      400,
      'invalid_spec',
    ],
    [
      'a member without a command',
      'POST',
      '/v1/teams',
      post({ strategy: 'one_for_one', members: [{ id: 'a', mission: {} }] }),
      400,
      'empty_command',
    ],
    [
      'a member that is a word',
      'POST',
      '/v1/teams',
      post({ strategy: 'one_for_one', members: ['a'] }),
      400,
      'invalid_spec',
    ],
    ['the stop of a team that is not there', 'POST', '/v1/teams/nobody/stop', {}, 404, 'not_found'],
    ['a cascade that is a word', 'POST', m('/nobody/kill'), post({ cascade: 'yes' }), 400, 'invalid_request'],
    ['a way out of the routes', 'GET', '/v1/../../etc/passwd', {}, 404, 'not_found'],
    ['a method that is not there', 'PUT', m(''), post({ command: 'true' }), 404, 'not_found'],
  ]

  /** Kept apart: these would end the daemon if they were taken. */
  const isDangerous = (path: string): boolean => path === '/v1/shutdown'

  async function expectRefused(
    to: Daemon,
    [, method, path, options, status, code]: (typeof TABLE)[number],
  ): Promise<void> {
    const before = await to.get<MissionList>('/v1/missions?all=true')
    const answer = await soon(`an answer to ${method} ${path}`, to.call<Problem>(method, path, options), 5000)
    expect(answer).toMatchObject({ status, body: { code, status } })
    expect(answer.headers['content-type']).toBe('application/problem+json')
    expect(problemSchema.safeParse(answer.body)).toMatchObject({ success: true })
    expect(answer.body.detail.length).toBeLessThan(700)
    expect(answer.body.detail).not.toContain(String.fromCodePoint(27))
    expect(await to.get('/v1/missions?all=true')).toEqual(before)
  }

  test.each(TABLE.filter(([, , path]) => !isDangerous(path)))('is refused: %s', async (...row) => {
    await expectRefused(daemon, row)
  })

  test.each(TABLE.filter(([, , path]) => isDangerous(path)))('is refused: %s', async (...row) => {
    await using own = await temporaryHome()
    await expectRefused(await startDaemon(own.path), row)
  })

  test('with a log that is asked for wrongly is refused', async () => {
    const { id } = await start(daemon, { command: 'true' })
    await waitFor(daemon, id)
    for (const [query, status, code] of [
      ['run=2', 404, 'run_not_found'],
      ['run=0', 400, 'invalid_request'],
      ['run=1.5', 400, 'invalid_request'],
      ['tail=-1', 400, 'invalid_request'],
      ['tail=all', 400, 'invalid_request'],
      ['tail=', 400, 'invalid_request'],
      ['since=soon', 400, 'invalid_request'],
      ['since=-5', 400, 'invalid_request'],
      ['since=', 400, 'invalid_request'],
      ['follow=1', 400, 'invalid_request'],
    ] as const) {
      expect({ query, ...(await daemon.call('GET', `/v1/missions/${id}/logs?${query}`)) }).toMatchObject({
        query,
        status,
        body: { code },
      })
    }
    for (const verb of ['stop', 'kill']) {
      expect(await daemon.call('POST', `/v1/missions/${id}/${verb}`)).toMatchObject({
        status: 409,
        body: { code: 'not_running' },
      })
    }
  })

  test('of enormous size is refused without being kept in memory', async () => {
    const { memory_bytes: before } = await daemon.get<{ memory_bytes: number }>('/v1/status')
    const piece = Buffer.alloc(1024 * 1024, 'x')
    const status = await new Promise<number | undefined>((resolve) => {
      const sent = request({ socketPath: daemon.socket, method: 'POST', path: '/v1/missions', agent: false })
      sent.on('error', () => resolve(undefined))
      sent.on('response', (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      sent.write('{"command":"')
      let written = 0
      const more = (): void => {
        for (; written < 200; written += 1) {
          if (sent.destroyed || !sent.write(piece)) {
            written += 1
            if (!sent.destroyed) sent.once('drain', more)
            return
          }
        }
        sent.end('"}')
      }
      more()
    })
    expect([400, 413, undefined]).toContain(status)
    const { memory_bytes: after } = await daemon.get<{ memory_bytes: number }>('/v1/status')
    expect(after - before).toBeLessThan(64 * 1024 * 1024)
  })

  test('that is not HTTP is refused, and one that never ends disturbs nobody', async () => {
    const rude = connect(daemon.socket)
    rude.write('\0\0\0 garbage\r\n\r\n')
    const slow = connect(daemon.socket)
    slow.write('POST /v1/missions HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{"comm')
    expect(await daemon.get('/v1/status')).toMatchObject({ pid: daemon.pid })
    await eventually(
      'the rude one is sent away',
      () => rude.destroyed || rude.readableEnded || rude.resume() === undefined,
    )
    rude.destroy()
    slow.destroy()
    expect(await daemon.get('/v1/status')).toMatchObject({ pid: daemon.pid })
  })

  test('with a host that is none is refused as a problem', async () => {
    const { status, body } = await daemon.call<Problem>('GET', '/v1/status', { headers: { host: '../../x' } })
    expect({ status, problem: problemSchema.parse(body) }).toMatchObject({
      status: 400,
      problem: { code: 'invalid_request' },
    })
  })

  test('a filter that is hard to match is answered as fast as others', async () => {
    await using own = await temporaryHome()
    const other = await startDaemon(own.path)
    const { id } = await start(other, { command: `: ${'a'.repeat(3000)}` })
    await waitFor(other, id)
    const filter = encodeURIComponent(`command=${'*a'.repeat(12)}*b`)
    expect(await soon('the list', other.get(`/v1/missions?filter=${filter}`), 3000)).toMatchObject({
      missions: [],
    })
  })
})

describe('an answer', () => {
  const strict = <T>(schema: z.ZodType<T>, value: unknown): T => schema.parse(value)

  test('has the shape that the document promises, for every route', async () => {
    const started = await daemon.call<MissionView>('POST', '/v1/missions', {
      body: {
        command: 'echo out; exit 3',
        name: 'shaped',
        cwd: '/tmp',
        env: { SECRET: 'never-shown-value' },
      },
    })
    expect(started.status).toBe(201)
    const { id } = strict(missionSchema, started.body)
    expect(strict(missionSchema, await waitFor(daemon, id))).toMatchObject({
      name: 'shaped',
      command: 'echo out; exit 3',
      status: 'crashed',
      exit_code: 3,
      cwd: '/tmp',
      restart_policy: 'never',
      parent: null,
      children: [],
    })
    for (const reference of [id, id.slice(0, 7), 'shaped']) {
      expect(strict(missionSchema, await show(daemon, reference)).id).toBe(id)
    }
    strict(missionListSchema, await daemon.get('/v1/missions'))
    strict(statusSchema, await daemon.get('/v1/status'))
    const description = strict(descriptionSchema, await daemon.get(`/v1/missions/${id}/description`))
    expect(description).toMatchObject({ evidence: 'out\n', output: [{ run: 1, bytes: 4 }] })
    expect(description.why[0]).toContain('exit code 3')
    const restarted = await daemon.post(`/v1/missions/${id}/restart`)
    expect(strict(missionSchema, restarted)).toMatchObject({ run: 2, restart_count: 1 })
    await waitFor(daemon, id)
    const sleeping = await start(daemon, { command: 'sleep 1000' })
    expect(await daemon.call('DELETE', `/v1/missions/${sleeping.id}`)).toMatchObject({
      status: 409,
      body: { code: 'not_exited' },
    })
    expect(await daemon.call('GET', `/v1/missions/${sleeping.id}/wait?timeout_ms=10`)).toMatchObject({
      status: 408,
      body: { code: 'timeout' },
    })
    expect(strict(missionSchema, await daemon.post(`/v1/missions/${sleeping.id}/kill`)).status).toBe('killed')
    expect(await list(daemon, '')).not.toContainEqual(expect.objectContaining({ id: sleeping.id }))
    expect(await list(daemon)).toContainEqual(expect.objectContaining({ id: sleeping.id }))
    expect(await list(daemon, 'filter=status=killed')).toContainEqual(
      expect.objectContaining({ id: sleeping.id }),
    )
    expect(await daemon.call('DELETE', `/v1/missions/${sleeping.id}`)).toMatchObject({
      status: 204,
      text: '',
    })
    expect(await daemon.call('GET', `/v1/missions/${sleeping.id}`)).toMatchObject({ status: 404 })
    await start(daemon, { command: 'true', name: 'labelled', labels: { tier: 'web', someName: 'b_c' } })
    for (const filter of ['label=tier', 'label=tier=web', 'label=t*', 'label=someName=b_c'])
      expect((await list(daemon, `filter=${filter}`)).map(({ name }) => name)).toEqual(['labelled'])
    expect(await list(daemon, 'filter=label=tier=db')).toEqual([])
    expect(await daemon.get('/v1/missions?fields=name&filter=name=shap*')).toMatchObject({
      missions: [{ name: 'shaped' }],
    })
    const table = await daemon.text('/v1/missions?filter=name=shap*&columns=120', { accept: 'text/plain' })
    expect(table).toMatch(/^ID +NAME +TYPE +STATUS .*COMMAND\n[0-9a-f]{8} +shaped .*\n$/)
    expect(await daemon.text('/v1/missions?colours=true', { accept: 'text/plain' })).toContain('\x1b[1mID')
    const parent = await start(daemon, { command: 'sleep 1000', name: 'above' })
    const family = (): Promise<MissionList> => daemon.get('/v1/missions?fields=id,children&filter=name=above')
    expect(await family()).toMatchObject({ missions: [{ id: parent.id, children: [] }] })
    const below = await start(daemon, { command: 'sleep 1000', parent: 'above' })
    expect(await family()).toMatchObject({ missions: [{ id: parent.id, children: [below.id] }] })
    await daemon.post('/v1/missions/above/kill', { cascade: true })
    const { removed } = strict(prunedSchema, await daemon.post('/v1/prune'))
    expect(removed).toContain(id)
    expect(readdirSync(join(home.path, 'output')).filter((name) => name.startsWith(id))).toEqual([])
  })

  test('to prune share the work with others that come at the same time', async () => {
    const ended = await Promise.all(
      Array.from({ length: 30 }, async () => {
        const { id } = await start(daemon, { command: 'true' })
        await daemon.get(`/v1/missions/${id}/wait`)
        return id
      }),
    )
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => daemon.post<{ removed: string[] }>('/v1/prune')),
    )
    const removed = answers.flatMap((answer) => answer.removed).filter((id) => ended.includes(id))
    expect(removed.toSorted()).toEqual(ended.toSorted())
  })

  test('to a stop, a prune or a start works with and without a body, as curl sends it', async () => {
    const { id } = await start(daemon, { command: 'sleep 1000' })
    expect(await daemon.call('POST', `/v1/missions/${id}/stop`)).toMatchObject({ status: 200 })
    const pruned = await daemon.call<{ removed: string[] }>('POST', '/v1/prune')
    expect(pruned.body.removed).toContain(id)
  })

  test("never has a value of an environment, and neither has the daemon's log or any command line", async () => {
    const secret = 'top-secret-value'
    const env = { PATH: process.env['PATH'] ?? '', SECRET: secret, 'odd-name': secret }
    const { id } = await start(daemon, { command: 'sleep 1000', env, restart: 'on-failure' })
    const failing = await daemon.call('POST', '/v1/missions', {
      body: { command: ['no-such'], env: { 'A=': secret, PATH: secret } },
    })
    const commandLines = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
        } catch {
          return ''
        }
      })
    const answers = [
      failing.text,
      await daemon.text('/v1/missions?all=true'),
      await daemon.text(`/v1/missions/${id}`),
      await daemon.text(`/v1/missions/${id}/description`),
      await daemon.text('/v1/events'),
      await daemon.text('/v1/status'),
      readFileSync(join(home.path, 'daemon.log'), 'utf8'),
      ...commandLines,
    ].filter((text) => text.includes(secret) || text.includes('daemon-secret-value'))
    await daemon.post(`/v1/missions/${id}/kill`)
    expect(answers).toEqual([])
    expect(statSync(join(home.path, 'overmind.db')).mode & 0o077).toBe(0)
  })

  test('finds a mission by its name whatever the name is', async () => {
    const started = await daemon.call<MissionView>('POST', '/v1/missions', {
      body: { command: 'true', name: 'watch' },
    })
    // Either the name is refused or it works.
    if (started.status === 400) return
    const shown = await soon('the mission', daemon.call<MissionView>('GET', '/v1/missions/watch'), 3000)
    expect(shown.body).toMatchObject({ name: 'watch' })
  })

  test('comes to both of two who restart an exited mission at once', async () => {
    const { id } = await start(daemon, { command: 'sleep 1000' })
    await daemon.post(`/v1/missions/${id}/kill`)
    const answers = await soon(
      'both answers',
      Promise.all([1, 2].map(() => daemon.call('POST', `/v1/missions/${id}/restart`))),
      5000,
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    await daemon.post(`/v1/missions/${id}/kill`)
  })

  test('refuses a name that another mission has, also when both come at once', async () => {
    const both = await Promise.all(
      [1, 2].map(() =>
        daemon.call('POST', '/v1/missions', { body: { command: 'sleep 1000', name: 'only-one' } }),
      ),
    )
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409])
    await daemon.post('/v1/missions/only-one/kill')
  })
})

describe('list and watch', () => {
  /** What a client knows that lists once and then only watches. */
  function mirror({ missions }: MissionList): {
    take(message: WatchMessage): void
    readonly now: () => MissionView[]
  } {
    const known = new Map(missions.map((each) => [each.id, each]))
    return {
      take: (message) => {
        if (message.type === 'put') known.set(message.mission.id, message.mission)
        if (message.type === 'removed') known.delete(message.id)
      },
      now: () => [...known.values()],
    }
  }

  const comparable = (missions: readonly MissionView[]): unknown[] =>
    missions
      // When something was last written is not an event.
      .map(({ last_activity: _, ...rest }) => rest)
      .toSorted((a, b) => a.id.localeCompare(b.id))

  async function churn(of: Daemon): Promise<void> {
    await Promise.all(
      Array.from({ length: 24 }, async (_, index) => {
        const { id } = await start(of, {
          command: index % 3 === 0 ? 'sleep 1000' : `exit ${index % 2}`,
          restart: index % 4 === 1 ? 'on-failure' : 'never',
          max_restarts: 1,
          backoff_ms: 1,
        })
        if (index % 6 === 0) await of.post(`/v1/missions/${id}/kill`)
        else if (index % 3 === 0) await of.post(`/v1/missions/${id}/stop`)
        else await waitFor(of, id)
        if (index % 5 === 0) await of.call('DELETE', `/v1/missions/${id}`)
      }),
    )
  }

  test.each(['', 'all=true', 'filter=status=running', 'filter=exit_class=completed'])(
    'a client that lists and watches with "%s" knows the list at every moment',
    async (query) => {
      const first = await daemon.get<MissionList>(`/v1/missions?${query}`)
      const client = mirror(first)
      using stream = await daemon.lines(`/v1/missions/watch?since=${first.revision}&${query}`)
      void (async () => {
        for await (const line of stream) client.take(JSON.parse(line))
      })()
      await churn(daemon)
      const last = await daemon.get<MissionList>(`/v1/missions?${query}`)
      await eventually(
        'the client knows what the daemon knows',
        () => JSON.stringify(comparable(client.now())) === JSON.stringify(comparable(last.missions)),
      ).catch(() => undefined)
      expect(comparable(client.now())).toEqual(comparable(last.missions))
    },
  )

  test('a revision that is no longer kept is answered with list_again, and the stream ends', async () => {
    await using own = await temporaryHome()
    const first = await startDaemon(own.path)
    await waitFor(first, (await start(first, { command: 'true' })).id)
    await first.shutdown(true)
    const { editStore } = await import('../support/store-file.ts')
    editStore(own.path, 'DELETE FROM events WHERE seq < 5')
    const next = await startDaemon(own.path)
    const messages = (await next.text('/v1/missions/watch?since=2')).split('\n').filter(Boolean)
    expect(messages.map((line): unknown => JSON.parse(line))).toEqual([
      { type: 'list_again', revision: expect.any(Number) },
    ])
    expect((await ndjson<EventView>(next, '/v1/events?since=2'))[0]).toEqual({
      type: 'gap',
      after: 2,
      next: 5,
    })
  })

  test('server-sent events carry numbers, and a browser that reconnects goes on where it was', async () => {
    await waitFor(daemon, (await start(daemon, { command: 'true' })).id)
    const all = await events(daemon)
    const [middle] = all.slice(-3)
    const sse = { accept: 'text/event-stream' }
    const whole = await daemon.text('/v1/events', sse)
    expect([...whole.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))).toEqual(
      all.map(({ seq }) => seq),
    )
    for (const line of whole.split('\n\n').filter(Boolean))
      expect(line).toMatch(/^(: |id: \d+\ndata: \{.*\}$)/)
    const resumed = await daemon.text('/v1/events', { ...sse, 'last-event-id': String(middle?.seq) })
    expect([...resumed.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))).toEqual(
      all.slice(-2).map(({ seq }) => seq),
    )
  })

  test('a browser that reconnects keeps its address: where it was counts, and not where it began', async () => {
    const all = await events(daemon)
    const last = all.at(-2)
    const resumed = await daemon.text('/v1/events?since=1', {
      accept: 'text/event-stream',
      'last-event-id': String(last?.seq),
    })
    expect([...resumed.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))).toEqual([all.at(-1)?.seq])
  })

  test('a watch in a browser that reconnects misses nothing', async () => {
    const { revision } = await daemon.get<MissionList>('/v1/missions')
    const { id } = await start(daemon, { command: 'true' })
    await waitFor(daemon, id)
    using stream = await daemon.lines('/v1/missions/watch', {
      accept: 'text/event-stream',
      'last-event-id': String(revision),
    })
    const seen: string[] = []
    void (async () => {
      for await (const line of stream) seen.push(line)
    })()
    const put = await eventually(
      'what happened meanwhile comes',
      () => seen.find((line) => line.includes(id)),
      3000,
    )
    expect(put).toContain('"type":"put"')
  })
})

describe('a log', () => {
  async function logOf(id: string, query = ''): Promise<string> {
    return daemon.text(`/v1/missions/${id}/logs?${query}`)
  }

  test('shows all runs, one run, the last lines, and where a run begins', async () => {
    const { id } = await start(daemon, {
      command: 'for i in 1 2 3; do echo "run $OVERMIND_RUN line $i"; done; [ $OVERMIND_RUN = 3 ]',
      restart: 'on-failure',
      backoff_ms: 1,
    })
    await waitFor(daemon, id)
    const lines = (await logOf(id)).split('\n')
    const ISO = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`
    expect(lines[3]).toMatch(new RegExp(`^--- restart #1 at ${ISO} ---$`))
    expect(lines[7]).toMatch(new RegExp(`^--- restart #2 at ${ISO} ---$`))
    expect(lines.filter((line) => line.startsWith('run'))).toHaveLength(9)
    expect(await logOf(id, 'run=2')).toBe('run 2 line 1\nrun 2 line 2\nrun 2 line 3\n')
    expect(await logOf(id, 'tail=2')).toBe('run 3 line 2\nrun 3 line 3\n')
    expect(await logOf(id, 'tail=0')).toBe('')
    expect((await logOf(id, 'tail=4')).split('\n')[0]).toBe('run 2 line 3')
    expect(await logOf(id, 'tail=1000')).toBe(await logOf(id))
    expect(await logOf(id, 'run=2&tail=1')).toBe('run 2 line 3\n')
    const stamped = (await logOf(id, 'timestamps=true')).split('\n').filter(Boolean)
    expect(stamped.every((line) => new RegExp(`^${ISO} (run|---)`).test(line))).toBe(true)
    const objects = await ndjson<LogLine>(daemon, `/v1/missions/${id}/logs`)
    expect(objects.filter(({ notice }) => notice === true)).toHaveLength(2)
    expect(objects.filter(({ notice }) => notice !== true).map(({ run }) => run)).toEqual([
      1, 1, 1, 2, 2, 2, 3, 3, 3,
    ])
  })

  test('since a moment begins there', async () => {
    const { id } = await start(daemon, {
      command: `echo early; while [ ! -e ${home.file('late')} ]; do sleep 0.02; done; echo late`,
    })
    await eventually('the early line is noted', async () => (await story(daemon, id)).includes('run.output'))
    const noted = Date.parse((await events(daemon, id)).find(({ type }) => type === 'run.output')?.at ?? '')
    await eventually('a later moment', () => Date.now() > noted + 5)
    const moment = Date.now()
    const { writeFile } = await import('node:fs/promises')
    await writeFile(home.file('late'), '')
    await waitFor(daemon, id)
    expect(await logOf(id, `since=${moment}`)).toBe('late\n')
    expect(await logOf(id, `since=${encodeURIComponent(new Date(moment).toISOString())}`)).toBe('late\n')
    expect(await logOf(id, `since=${moment + 3_600_000}`)).toBe('')
    expect(await logOf(id, 'since=0')).toBe('early\nlate\n')
  })

  test('that is followed goes on over restarts and ends with the mission', async () => {
    const { id } = await start(daemon, {
      command: 'echo run $OVERMIND_RUN; sleep 0.1; printf half; [ $OVERMIND_RUN = 3 ]',
      restart: 'on-failure',
      backoff_ms: 50,
    })
    const text = await soon('the followed log ends', logOf(id, 'follow=true'))
    expect(text.replaceAll(/at \S+Z/g, 'at TIME')).toBe(
      'run 1\nhalf\n--- restart #1 at TIME ---\nrun 2\nhalf\n--- restart #2 at TIME ---\nrun 3\nhalf',
    )
    expect(await logOf(id)).toBe(text)
  })

  test('that is followed has the last words of what the command left behind', async () => {
    const { id } = await start(daemon, {
      command: `(trap 'echo bye; exit' TERM; echo ready; while :; do sleep 0.02; done) & sleep 0.3; exit 0`,
    })
    const followed = await soon('the followed log ends', logOf(id, 'follow=true'))
    await waitFor(daemon, id)
    expect(await logOf(id)).toContain('bye\n')
    expect(followed).toBe(await logOf(id))
  })

  test('says that a run was ended because it was silent', async () => {
    const { id } = await start(daemon, { command: 'echo one; sleep 1000', activity_timeout_ms: 1000 })
    expect(await soon('the followed log ends', logOf(id, 'follow=true'))).toMatch(
      /^one\n(Terminated\n)?--- killed: no activity for 1s ---\n$/,
    )
  })

  test('of bytes that are no text is handed on unaltered', async () => {
    const { id } = await start(daemon, { command: String.raw`printf '\377\376\000\303(\r\n\200'` })
    await waitFor(daemon, id)
    const bytes = Buffer.from([0xff, 0xfe, 0, 0xc3, 0x28, 0x0d, 0x0a, 0x80])
    expect(await daemon.bytes(`/v1/missions/${id}/logs`)).toEqual(bytes)
    expect(await daemon.bytes(`/v1/missions/${id}/output`)).toEqual(bytes)
    expect(await daemon.bytes(`/v1/missions/${id}/output?from=5`)).toEqual(bytes.subarray(5))
  })

  test('with a line of 20 MB comes whole as text and in parts as objects, whose characters stay whole', async () => {
    const script = `process.stdout.write('x' + 'é'.repeat(10_000_000) + '\\nlast\\n')`
    const { id } = await start(daemon, { command: [process.execPath, '-e', script] })
    await waitFor(daemon, id)
    const expected = `x${'é'.repeat(10_000_000)}`
    expect((await logOf(id)) === `${expected}\nlast\n`).toBe(true)
    const parts = await ndjson<LogLine>(daemon, `/v1/missions/${id}/logs`)
    expect(parts.length).toBeGreaterThan(200)
    expect(Math.max(...parts.map(({ text }) => Buffer.byteLength(text)))).toBeLessThanOrEqual(70_000)
    expect(parts.map(({ partial }) => partial === true).slice(-2)).toEqual([false, false])
    expect(parts.at(-1)?.text).toBe('last')
    const joined = parts
      .slice(0, -1)
      .map(({ text }) => text)
      .join('')
    expect(joined.includes('\u{FFFD}')).toBe(false)
    expect(joined === expected).toBe(true)
  })

  test('that was trimmed says how much is gone and begins with a whole line', async () => {
    const { id } = await start(daemon, {
      command: `i=0; while [ $i -lt 400 ]; do i=$((i+1)); printf '%08d %8000d\\n' $i 0; done; while [ ! -e ${home.file('trimmed')} ]; do sleep 0.05; done; echo end`,
      output_limit_bytes: 1024 * 1024,
    })
    await eventually('it was trimmed', async () => (await story(daemon, id)).includes('run.trimmed'))
    const { writeFile } = await import('node:fs/promises')
    await writeFile(home.file('trimmed'), '')
    await waitFor(daemon, id)
    const lines = (await logOf(id)).split('\n')
    expect(lines[0]).toMatch(/^--- \d+ bytes of older output are no longer kept ---$/)
    expect(lines[1]).toMatch(/^\d{8} /)
    expect(lines.slice(-3)).toEqual([expect.stringMatching(/^00000400 /), 'end', ''])
  })

  test('is read by someone slow while it is trimmed: never is a byte handed out that was not written', async () => {
    const { id } = await start(daemon, {
      command: `i=0; while [ $i -lt 40 ]; do i=$((i+1)); head -c 200000 /dev/zero | tr '\\0' x; echo; sleep 0.03; done`,
      output_limit_bytes: 1024 * 1024,
    })
    const slow = await daemon.lines(`/v1/missions/${id}/logs?follow=true`)
    slow.response.pause()
    await waitFor(daemon, id)
    expect(await story(daemon, id)).toContain('run.trimmed')
    let [written, unwritten] = [0, 0]
    for await (const line of slow) {
      written += line.length
      unwritten += line.split('\0').length - 1
    }
    expect(written).toBeGreaterThan(1024 * 1024)
    expect(unwritten).toBe(0)
  })

  test('of four times the runs takes four times as long, and not sixteen', async () => {
    async function withRuns(runs: number): Promise<string> {
      const { id } = await start(daemon, {
        command: `echo x; [ $OVERMIND_RUN -ge ${runs} ]`,
        restart: 'on-failure',
        max_restarts: 0,
        backoff_ms: 0,
      })
      await waitFor(daemon, id)
      expect((await logOf(id)).split('\n')).toHaveLength(2 * runs)
      return id
    }
    async function timeFor(id: string): Promise<number> {
      const began = performance.now()
      await logOf(id)
      return performance.now() - began
    }
    const [few, many] = [await withRuns(40), await withRuns(160)]
    // The shortest of several is what it takes when nothing else wants the processor.
    const shortest = { few: Infinity, many: Infinity }
    for (let round = 0; round < 10; round += 1) {
      shortest.few = Math.min(shortest.few, await timeFor(few))
      shortest.many = Math.min(shortest.many, await timeFor(many))
    }
    expect(shortest.many / shortest.few).toBeLessThan(8)
  })

  test('of a mission that is being started does not exist yet and is no error', async () => {
    const { id } = await start(daemon, { command: 'true' })
    expect(await daemon.call('GET', `/v1/missions/${id}/logs?follow=true`)).toMatchObject({
      status: 200,
      text: '',
    })
  })
})

describe('many readers', () => {
  test('fifty watch and one of them never reads: the others get everything, and memory stays bounded', async () => {
    await using own = await temporaryHome()
    const busy = await startDaemon(own.path)
    const { revision } = await busy.get<MissionList>('/v1/missions')
    const deaf = await busy.lines(`/v1/events?follow=true&since=${revision}`)
    deaf.response.pause()
    const { id: flood } = await start(busy, {
      command:
        'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); echo "$i flood of output, flood of output, flood of output"; done',
    })
    const deafToOutput = await busy.lines(`/v1/missions/${flood}/output?follow=true`)
    deafToOutput.response.pause()
    const seen = await Promise.all(
      Array.from({ length: 49 }, async () => {
        const numbers: number[] = []
        const stream = await busy.lines(`/v1/events?follow=true&since=${revision}`)
        void (async () => {
          for await (const line of stream) numbers.push(JSON.parse(line).seq)
        })()
        return { numbers, stream }
      }),
    )
    const { memory_bytes: before } = await busy.get<{ memory_bytes: number }>('/v1/status')
    for (let round = 0; round < 4; round += 1) {
      await Promise.all(
        Array.from({ length: 15 }, async () => waitFor(busy, (await start(busy, { command: 'true' })).id)),
      )
    }
    await waitFor(busy, flood)
    const { revision: last } = await busy.get<MissionList>('/v1/missions')
    const expected = Array.from({ length: last - revision }, (_, index) => revision + index + 1)
    await eventually('all have read all', () => seen.every(({ numbers }) => (numbers.at(-1) ?? 0) >= last))
    for (const { numbers } of seen) expect(numbers.slice(0, expected.length)).toEqual(expected)
    const { memory_bytes: after } = await busy.get<{ memory_bytes: number }>('/v1/status')
    expect(after - before).toBeLessThan(100 * 1024 * 1024)
    for (const { stream } of seen) stream.close()
    deaf.close()
    deafToOutput.close()
  })

  test.each(['wait?timeout_ms=0', 'logs', 'output'])(
    'who ask for /%s again and again leave no memory behind',
    async (what) => {
      await using own = await temporaryHome()
      const other = await startDaemon(own.path, {
        node: ['--expose-gc', '--import', program('tells-heap.ts')],
      })
      const { id } = await start(other, { command: 'echo one; sleep 1000' })
      async function heap(): Promise<number> {
        const said = other.stderr().length
        other.signal('SIGUSR2')
        return eventually('the daemon says how much memory it uses', () => {
          const [, bytes] = /^heap (\d+)\n$/.exec(other.stderr().slice(said)) ?? []
          return bytes === undefined ? undefined : Number(bytes)
        })
      }
      async function ask(times: number): Promise<void> {
        for (let count = 0; count < times; count += 1)
          await other.call('GET', `/v1/missions/${id}/${what}`.replace(/\/$/, ''))
      }
      await ask(200)
      const before = await heap()
      await ask(600)
      expect(((await heap()) - before) / 600).toBeLessThan(2500)
      await other.post(`/v1/missions/${id}/kill`)
    },
  )

  test.each([true, false])(
    'readers that leave in the middle leave nothing open behind, having read: %s',
    async (reading) => {
      await using own = await temporaryHome()
      const other = await startDaemon(own.path)
      const { id } = await start(other, {
        command: 'while :; do echo a line of some length, again and again; done',
      })
      const readersOf = (): number => openIn(other.pid).filter((path) => path.includes(id)).length
      const streams = await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          other.lines(`/v1/missions/${id}/${index % 2 === 0 ? 'logs' : 'output'}?follow=true`),
        ),
      )
      for (const { response } of streams) {
        if (reading) response.resume()
        else response.pause()
      }
      await eventually('all read', () => readersOf() === 40)
      for (const stream of streams) stream.close()
      await eventually('none reads any more', () => readersOf() === 0, 5000).catch(() => undefined)
      expect(readersOf()).toBe(0)
      await other.post(`/v1/missions/${id}/kill`)
    },
  )
})
