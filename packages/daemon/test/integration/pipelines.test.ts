import { existsSync, writeFileSync } from 'node:fs'
import type { ChangeView, PipelineView } from '../../src/index.ts'
import { expect, test } from 'vitest'
import { type Daemon, list, program, show, startDaemon, waitFor } from '../support/daemon.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryHome } from '../support/home.ts'

const post = (daemon: Daemon, document: object): Promise<PipelineView> =>
  daemon.post('/v1/pipelines', { document, cwd: '/tmp', env: { PATH: process.env['PATH'] ?? '' } })

test('kill -9 of the daemon at every edge of ten agents: each ran once, in its order', async () => {
  await using home = await temporaryHome()
  let daemon = await startDaemon(home.path)
  const count = home.file('count')
  const agents: Record<string, object> = {}
  for (let n = 0; n < 10; n += 1) {
    agents[`a${n}`] = {
      command: `while [ ! -e ${home.file(`go${n}`)} ]; do sleep 0.02; done; echo ${n} >> ${count}`,
      depends_on: [n - 1, n - 2].filter((each) => each >= 0).map((each) => `a${each}`),
    }
  }
  const { mission, outcome } = await post(daemon, { name: 'ten', agents })
  expect({ outcome, type: mission.type, os_pid: mission.os_pid }).toEqual({
    outcome: 'started',
    type: 'blueprint',
    os_pid: null,
  })
  for (let n = 0; n < 10; n += 1) {
    await eventually(`agent ${n} runs`, async () =>
      (await list(daemon)).some(({ name, status }) => name === `ten.a${n}` && status === 'running'),
    )
    await daemon.kill()
    // It ends while nobody looks, or a moment after somebody does.
    if (n % 2 === 0) writeFileSync(home.file(`go${n}`), '')
    daemon = await startDaemon(home.path)
    writeFileSync(home.file(`go${n}`), '')
  }
  expect(await waitFor(daemon, mission.id)).toMatchObject({ exit_code: 0, run: 1, restart_count: 0 })
  expect(home.lines('count')).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
  expect(await list(daemon)).toHaveLength(11)
  const log = await daemon.text(`/v1/missions/${mission.id}/logs`)
  expect(log.match(/^\[a\d\] started/gm)).toHaveLength(10)
  expect(log.match(/^\[a\d\] completed/gm)).toHaveLength(10)
  await daemon.shutdown(false)
})

test.each([
  ['before', 'mission.created'],
  ['after', 'mission.created'],
  ['before', 'run.started'],
  ['after', 'run.started'],
  ['before', 'mission.exited'],
  ['after', 'mission.exited'],
] as const)(
  'kill -9 of the daemon %s %s, while one pipeline takes the place of another: its agents are led on',
  async (when, type) => {
    await using home = await temporaryHome()
    const first = await startDaemon(home.path)
    const plan = (more: object): object => ({
      name: 'p',
      agents: {
        a: {
          command: `echo a >> ${home.file('ran')}; while [ ! -e ${home.file('go')} ]; do sleep 0.02; done`,
          on_parent_exit: 'stop',
        },
        b: { command: `echo b >> ${home.file('ran')}`, depends_on: ['a'] },
        ...more,
      },
    })
    const { mission: before } = await post(first, plan({}))
    await eventually(
      'the first agent has begun',
      async () =>
        home.lines('ran').length === 1 &&
        (await list(first)).some(({ name, phase }) => name === 'p.a' && phase === 'running.up'),
    )
    await first.kill()
    const env = { CRASH_EVENT: type, CRASH_WHEN: when }
    const dying = await startDaemon(home.path, { main: program('crashing-daemon.ts'), env })
    await post(dying, plan({ c: { command: `echo c >> ${home.file('ran')}`, depends_on: ['b'] } })).catch(
      () => undefined,
    )
    expect(await dying.ended).toMatchObject({ signal: 'SIGKILL' })
    const next = await startDaemon(home.path)
    writeFileSync(home.file('go'), '')
    const wasAccepted = when === 'after' || type !== 'mission.created'
    const pipelines = (await list(next)).filter((mission) => mission.type === 'blueprint')
    expect(pipelines).toHaveLength(wasAccepted ? 2 : 1)
    const last = pipelines.find(({ id }) => id !== before.id) ?? before
    expect(await waitFor(next, last.id)).toMatchObject({ exit_code: 0, run: 1 })
    expect(await waitFor(next, before.id)).toMatchObject({ exit_code: wasAccepted ? 3 : 0, run: 1 })
    expect(home.lines('ran')).toEqual(wasAccepted ? ['a', 'b', 'c'] : ['a', 'b'])
    await next.shutdown(false)
  },
)

test('kill -9 of the daemon around the start, the failure and the end of a team: each member starts once, and again once', async () => {
  await using home = await temporaryHome()
  let daemon = await startDaemon(home.path)
  const next = async (): Promise<void> => {
    await daemon.kill()
    daemon = await startDaemon(home.path)
  }
  const isUp = (name: string, run: number): Promise<unknown> =>
    eventually(`${name} is up, run ${run}`, async () =>
      (await list(daemon)).some(
        (mission) => mission.name === name && mission.run === run && mission.phase === 'running.up',
      ),
    )
  const says = (name: string): string => `echo ${name} >> ${home.file('said')}`
  const { mission } = await post(daemon, {
    name: 'p',
    teams: { crew: { strategy: 'rest_for_one' } },
    agents: {
      gate: { command: `while [ ! -e ${home.file('go')} ]; do sleep 0.02; done` },
      a: {
        command: `${says('a')}; while [ ! -e ${home.file('fail')} ]; do sleep 0.02; done; rm ${home.file('fail')}; exit 3`,
        team: 'crew',
        depends_on: ['gate'],
      },
      b: { command: `${says('b')}; sleep 1000`, team: 'crew', depends_on: ['a'] },
      c: { command: `${says('c')}; sleep 1000`, team: 'crew', depends_on: ['b'] },
    },
  })
  writeFileSync(home.file('go'), '')
  await eventually('the team begins', async () => (await list(daemon)).some(({ name }) => name === 'p.c'))
  await next()
  for (const name of ['a', 'b', 'c']) await isUp(`p.${name}`, 1)
  await eventually('all have said so', () => home.lines('said').length === 3)
  expect(home.lines('said').toSorted()).toEqual(['a', 'b', 'c'])
  writeFileSync(home.file('fail'), '')
  await eventually('it has failed', () => !existsSync(home.file('fail')))
  await next()
  for (const name of ['a', 'b', 'c']) await isUp(`p.${name}`, 2)
  await eventually('all have said so again', () => home.lines('said').length === 6)
  expect(await list(daemon)).toHaveLength(5)
  daemon.call('POST', `/v1/missions/${mission.id}/stop`).catch(() => undefined)
  await eventually('it begins to end', async () => (await show(daemon, 'p.c')).exit_class !== null)
  await next()
  expect(await waitFor(daemon, mission.id)).toMatchObject({ exit_class: 'stopped' })
  for (const name of ['a', 'b', 'c']) expect((await show(daemon, `p.${name}`)).exit_class).toBe('stopped')
  expect(home.lines('said')).toHaveLength(6)
  await daemon.shutdown(false)
})

test('kill -9 of the daemon in the middle of a change of copies: it goes on, and none is replaced twice', async () => {
  await using home = await temporaryHome()
  let daemon = await startDaemon(home.path)
  const next = async (): Promise<void> => {
    await daemon.kill()
    daemon = await startDaemon(home.path)
  }
  const plan = (version: string): object => ({
    name: 'p',
    agents: {
      web: {
        command: `while [ ! -e ${home.file(version)}-$OVERMIND_REPLICA ]; do sleep 0.02; done; echo ready; exec sleep 1000`,
        replicas: 3,
        ready: { output: 'ready' },
      },
    },
  })
  const live = async (): Promise<readonly string[]> =>
    (await list(daemon))
      .filter(({ name, exit_class: ended }) => name.startsWith('p.web-') && ended === null)
      .map(
        // Behind the folder, whose name is random.
        ({ name, command }) => `${name} ${/(v\d)-\$OVERMIND_REPLICA/.exec(command)?.[1]}`,
      )
      .toSorted()
  const runs = (...versions: readonly string[]): Promise<unknown> => {
    const expected = versions.map((version, at) => `p.web-${at + 1} ${version}`).join()
    return eventually(expected, async () => (await live()).join() === expected)
  }
  for (const copy of [1, 2, 3]) writeFileSync(home.file(`v1-${copy}`), '')
  const { mission: first } = await post(daemon, plan('v1'))
  await eventually('all are ready', async () => {
    const log = await daemon.text(`/v1/missions/${first.id}/logs`)
    return log.match(/^\[web-\d\] ready/gm)?.length === 3
  })
  const { mission } = await post(daemon, plan('v2'))
  await next()
  await runs('v2', 'v1', 'v1')
  await next()
  expect(await live()).toEqual(['p.web-1 v2', 'p.web-2 v1', 'p.web-3 v1'])
  writeFileSync(home.file('v2-1'), '')
  await runs('v2', 'v2', 'v1')
  await next()
  for (const copy of [2, 3]) writeFileSync(home.file(`v2-${copy}`), '')
  await runs('v2', 'v2', 'v2')
  expect(await list(daemon)).toHaveLength(8)
  await daemon.call('POST', `/v1/missions/${mission.id}/stop`)
  await daemon.shutdown(false)
})

test('what is declared is brought about, changed, and taken down', async () => {
  await using home = await temporaryHome()
  const daemon = await startDaemon(home.path)
  const plan = (command: string): object => ({
    name: 'p',
    agents: { a: { command }, b: { command: 'sleep 1000' } },
  })
  const { mission } = await post(daemon, plan('true'))
  await eventually('a has ended', async () => (await show(daemon, 'p.a')).exit_class === 'completed')
  expect((await show(daemon, 'p.b')).parent).toBe(mission.id)
  expect((await post(daemon, plan('true'))).outcome).toBe('unchanged')
  const diff = await daemon.post<{ readonly changes: readonly ChangeView[] }>('/v1/pipelines/diff', {
    document: plan('true; true'),
  })
  expect(diff.changes).toEqual([
    { agent: 'a', change: 'changed' },
    { agent: 'b', change: 'unchanged' },
  ])
  expect((await post(daemon, plan('true; true'))).outcome).toBe('changed')
  expect(await daemon.post('/v1/pipelines/p/down')).toEqual({ removed: 5 })
  expect(await list(daemon)).toEqual([])
  expect(home.processes()).toHaveLength(1)
  const again = await daemon.call('POST', '/v1/pipelines/p/down')
  expect(again).toMatchObject({ status: 404, body: { code: 'not_found' } })
  await daemon.shutdown(false)
})

test.each([
  ['nothing', {}, 'invalid_request'],
  ['a text', { document: 'agents' }, 'invalid_request'],
  ['an agent without a command', { document: { agents: { a: {} } } }, 'invalid_spec'],
  ['a cycle', { document: { agents: { a: { command: 'x', depends_on: ['a'] } } } }, 'invalid_spec'],
  [
    'a folder that is not there',
    { document: { agents: { a: { command: 'x' } } }, cwd: '/no/such' },
    'cwd_not_found',
  ],
] as const)('%s is refused, and nothing is started', async (_, body, code) => {
  await using home = await temporaryHome()
  const daemon = await startDaemon(home.path)
  expect(await daemon.call('POST', '/v1/pipelines', { body })).toMatchObject({ body: { code } })
  expect(await list(daemon)).toEqual([])
  await daemon.shutdown(false)
})

test('an agent is not forgotten while its pipeline is at work, and so is not run twice', async () => {
  await using home = await temporaryHome()
  let daemon = await startDaemon(home.path)
  const go = home.file('go')
  const { mission } = await post(daemon, {
    name: 'p',
    agents: {
      a: { command: `echo ran >> ${home.file('ran')}` },
      b: { command: `while [ ! -e ${go} ]; do sleep 0.02; done`, depends_on: ['a'] },
    },
  })
  await eventually('b runs', async () =>
    (await list(daemon)).some(({ name, status }) => name === 'p.b' && status === 'running'),
  )
  expect(await daemon.post('/v1/prune', {})).toEqual({ removed: [] })
  expect(await daemon.call('DELETE', '/v1/missions/p.a')).toMatchObject({
    status: 409,
    body: { code: 'in_use' },
  })
  await daemon.kill()
  daemon = await startDaemon(home.path)
  writeFileSync(go, '')
  expect(await waitFor(daemon, mission.id)).toMatchObject({ exit_code: 0 })
  expect(home.lines('ran')).toEqual(['ran'])
  const { removed } = await daemon.post<{ readonly removed: readonly string[] }>('/v1/prune', {})
  expect(removed).toHaveLength(3)
  await daemon.shutdown(false)
})
