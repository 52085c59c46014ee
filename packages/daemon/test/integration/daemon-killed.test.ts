/** The daemon is killed, and the missions never notice. */
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { EventView, MissionList, TeamView } from '../../src/index.ts'
import type { Api } from '../support/api.ts'
import {
  type Daemon,
  events,
  list,
  mission,
  program,
  show,
  start,
  startDaemon,
  story,
  tryDaemon,
  waitFor,
} from '../support/daemon.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryHome } from '../support/home.ts'
import { endGroup, keeperOf, missionProcesses } from '../support/processes.ts'

/** Writes the numbers from 1, one a line, until it may end. */
function numbers(go: string): string {
  return `i=0; while [ ! -e ${go} ]; do i=$((i+1)); echo "line $i"; [ $((i % 50)) -ne 0 ] || sleep 0.01; done; exit 12`
}

function expectNumbered(text: string): void {
  const lines = text.split('\n')
  expect(lines.pop()).toBe('')
  expect(lines.length).toBeGreaterThan(0)
  expect(lines.findIndex((line, index) => line !== `line ${index + 1}`)).toBe(-1)
}

/** Reads on where it stopped, whichever daemon is there, until the run is over. */
async function follow(api: Api, id: string, got: { text: string }): Promise<void> {
  using stream = await api.lines(`/v1/missions/${id}/output?follow=true&from=${got.text.length}`)
  for await (const line of stream) got.text += `${line}\n`
}

describe.concurrent('kill -9 of the daemon', () => {
  test('while missions write: they are adopted and no line is lost, doubled or torn', async () => {
    await using home = await temporaryHome()
    let daemon = await startDaemon(home.path)
    const { id } = await start(daemon, { command: numbers(home.file('go')) })
    const keeper = keeperOf(id)
    for (let round = 0; round < 2; round += 1) {
      await eventually(
        'it writes',
        async () => (await daemon.bytes(`/v1/missions/${id}/output`)).length > 1000,
      )
      await daemon.kill()
      daemon = await startDaemon(home.path)
      expect(await show(daemon, id)).toMatchObject({ status: 'running', run: 1, os_pid: keeper })
    }
    await writeFile(home.file('go'), '')
    expect(await waitFor(daemon, id)).toMatchObject({ exit_code: 12, run: 1 })
    expectNumbered(await daemon.text(`/v1/missions/${id}/logs`))
    const story_ = await story(daemon, id)
    expect(story_.filter((type) => type === 'run.adopted')).toHaveLength(2)
  })

  test('a reader that reconnects and asks on from its offset gets every byte once', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const { id } = await start(daemon, { command: numbers(home.file('go')) })
    let whole = 0
    using stream = await daemon.lines(`/v1/missions/${id}/logs?follow=true`)
    const cut = (async () => {
      for await (const line of stream) {
        if (line !== `line ${whole + 1}`) return
        whole += 1
      }
    })()
    await eventually('lines come', () => whole > 100)
    await daemon.kill()
    await cut
    const got = { text: Array.from({ length: whole }, (_, index) => `line ${index + 1}\n`).join('') }
    const next = await startDaemon(home.path)
    const followed = follow(next, id, got)
    const before = got.text.length
    await eventually('more lines come', () => got.text.length > before + 1000)
    await writeFile(home.file('go'), '')
    await followed
    expectNumbered(got.text)
    expect(got.text).toBe(await next.text(`/v1/missions/${id}/logs`))
  })

  test('while a mission sleeps: it goes on under the same process, and is stopped by the next daemon', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const { id, os_pid: pid } = await start(daemon, { command: 'sleep 1000' })
    await daemon.kill()
    const next = await startDaemon(home.path)
    expect(await show(next, id)).toMatchObject({ status: 'running', os_pid: pid, run: 1 })
    expect(await next.post(`/v1/missions/${id}/stop`)).toMatchObject({
      exit_class: 'stopped',
      exit_signal: 'SIGTERM',
    })
    expect(missionProcesses(id)).toEqual([])
  })

  test.each([
    ['exit 0', { exit_code: 0, exit_class: 'completed', status: 'stopped' }],
    ['exit 37', { exit_code: 37, exit_class: 'crashed', status: 'crashed' }],
    ['kill -SEGV $$', { exit_code: 139, exit_signal: 'SIGSEGV', exit_class: 'signalled' }],
  ])('a mission that ended by `%s` before anyone saw it: its end is found', async (then, end) => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const { id, started_at: startedAt } = await start(daemon, {
      command: `while [ ! -e ${home.file('go')} ]; do sleep 0.02; done; echo last words; ${then}`,
    })
    await daemon.kill()
    await writeFile(home.file('go'), '')
    await eventually('it has ended', () => missionProcesses(id).length === 0)
    const endedBy = Date.now()
    const next = await startDaemon(home.path)
    const found = await waitFor(next, id)
    expect(found).toMatchObject(end)
    expect(await next.text(`/v1/missions/${id}/logs`)).toContain('last words\n')
    // The end is dated by the kernel, not by when it was found.
    expect(Date.parse(found.exited_at ?? '')).toBeGreaterThanOrEqual(Date.parse(startedAt ?? ''))
    expect(Date.parse(found.exited_at ?? '')).toBeLessThanOrEqual(endedBy + 60)
  })

  test('a parent exits before anyone sees it: what is bound to it is stopped by the next daemon', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    await start(daemon, { command: `while [ ! -e ${home.file('go')} ]; do sleep 0.02; done`, name: 'lead' })
    const bound = await start(daemon, { command: 'sleep 1000', parent: 'lead', on_parent_exit: 'stop' })
    const free = await start(daemon, { command: 'sleep 1000', parent: 'lead' })
    await daemon.kill()
    await writeFile(home.file('go'), '')
    const next = await startDaemon(home.path)
    expect(await waitFor(next, bound.id)).toMatchObject({ exit_class: 'stopped', parent: bound.parent })
    expect(await show(next, free.id)).toMatchObject({ status: 'running', os_pid: free.os_pid })
    expect(await show(next, 'lead')).toMatchObject({ children: [bound.id, free.id] })
  })

  test('in the middle of the restart of a team: the next daemon goes on with it', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const go = home.file('go')
    const slow = 'trap "sleep 0.3; exit 0" TERM; while :; do sleep 0.02; done'
    const team = await daemon.post<TeamView>('/v1/teams', {
      name: 'crew',
      strategy: 'rest_for_one',
      members: [
        {
          id: 'fails',
          mission: {
            command: `[ $OVERMIND_RUN -eq 1 ] && while [ ! -e ${go} ]; do sleep 0.02; done && exit 3; exec sleep 1000`,
          },
        },
        { id: 'slow', mission: { command: slow } },
      ],
    })
    const [fails, waits] = team.members.map(({ mission }) => mission)
    await writeFile(go, '')
    await eventually(
      'it is being ended',
      async () => (await show(daemon, waits!)).phase === 'running.stopping',
    )
    await daemon.kill()
    const next = await startDaemon(home.path)
    await eventually('both run again', async () => {
      const members = await Promise.all([show(next, fails!), show(next, waits!)])
      return members.every(({ run, phase }) => run === 2 && phase === 'running.up')
    })
    expect(await next.get('/v1/teams')).toMatchObject({ teams: [{ name: 'crew', outcome: null }] })
    expect(missionProcesses(waits!).length).toBeGreaterThan(0)
  })

  test('in the middle of the end of a team: the next daemon ends the rest of it', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const slow = 'trap "sleep 0.3; exit 0" TERM; while :; do sleep 0.02; done'
    const team = await daemon.post<TeamView>('/v1/teams', {
      name: 'crew',
      strategy: 'one_for_one',
      members: [
        { id: 'first', mission: { command: 'exec sleep 1000' } },
        { id: 'slow', mission: { command: slow } },
      ],
    })
    const ids = team.members.map(({ mission }) => mission)
    const stopping = daemon.post('/v1/teams/crew/stop').catch(() => undefined)
    await eventually(
      'it is being ended',
      async () => (await show(daemon, ids[1]!)).phase === 'running.stopping',
    )
    await daemon.kill()
    await stopping
    const next = await startDaemon(home.path)
    for (const id of ids) expect(await waitFor(next, id)).toMatchObject({ exit_class: 'stopped', run: 1 })
    expect(await next.get('/v1/teams')).toEqual({ teams: [] })
  })

  test('a mission whose processes were all killed meanwhile is lost, and says so', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const { id, os_pid: pid } = await start(daemon, { command: 'sleep 1000' })
    await daemon.kill()
    endGroup(pid)
    await eventually('it is gone', () => missionProcesses(id).length === 0)
    const next = await startDaemon(home.path)
    expect(await waitFor(next, id)).toMatchObject({ exit_class: 'lost', exit_code: null, status: 'crashed' })
  })

  test('an adopted mission whose process group is killed from outside is found to be lost', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const { id, os_pid: pid } = await start(daemon, {
      command: 'sleep 1000',
      restart: 'on-failure',
      backoff_ms: 10,
    })
    await daemon.kill()
    const next = await startDaemon(home.path)
    endGroup(pid)
    await mission(next, id, 'runs again', ({ run, phase }) => run === 2 && phase === 'running.up')
    expect((await events(next, id)).find(({ type }) => type === 'run.exited')).toMatchObject({
      exit: { kind: 'lost', cause: 'vanished' },
    })
  })

  test('fifty missions at once: all are adopted, all are ended, nothing is left', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const ids = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const { id } = await start(daemon, {
          command: `while [ ! -e ${home.file('go')} ]; do sleep 0.2; done; exit ${index % 5}`,
          name: `m${index}`,
        })
        return id
      }),
    )
    await daemon.kill()
    const next = await startDaemon(home.path)
    const adopted = await list(next)
    expect(adopted.map(({ id }) => id).toSorted()).toEqual(ids.toSorted())
    expect(adopted.filter(({ status, run }) => status !== 'running' || run !== 1)).toEqual([])
    await writeFile(home.file('go'), '')
    const codes = await Promise.all(ids.map(async (id) => (await waitFor(next, id)).exit_code))
    expect(codes).toEqual(ids.map((_, index) => index % 5))
    await home.isLeftWith(next.pid)
  })

  test('while a mission waits for its next run: the wait goes on where it was', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const { id } = await start(daemon, {
      command: `date +%s%N >>${home.file('began')}; [ $OVERMIND_RUN = 2 ]`,
      restart: 'on-failure',
      backoff_ms: 4000,
    })
    await mission(daemon, id, 'waits', ({ phase }) => phase === 'restarting.backoff')
    const restarting = (await events(daemon, id)).find(({ type }) => type === 'mission.restarting')
    await daemon.kill()
    const due = Date.parse(restarting?.at ?? '') + Number(restarting?.['delay'])
    await eventually('most of the wait is over', () => Date.now() > due - 1000)
    const next = await startDaemon(home.path)
    const ready = Date.now()
    expect(await waitFor(next, id)).toMatchObject({ exit_class: 'completed', run: 2, restart_count: 1 })
    const second = Number(home.lines('began')[1]) / 1e6
    expect(second).toBeGreaterThanOrEqual(due - 20)
    // Begun anew by the second daemon it would take at least three seconds more.
    expect(second).toBeLessThan(Math.max(due, ready) + 2500)
  })

  test('the restart budget counts across daemons', async () => {
    await using home = await temporaryHome()
    let daemon = await startDaemon(home.path)
    const { id } = await start(daemon, {
      command: `echo >>${home.file('began')}x; echo r >>${home.file('began')}; while [ ! -e ${home.file('go')}-$OVERMIND_RUN ]; do sleep 0.02; done; exit 1`,
      restart: 'on-failure',
      max_restarts: 2,
      backoff_ms: 10,
    })
    for (let run = 1; run <= 3; run += 1) {
      await mission(daemon, id, `is in run ${run}`, (view) => view.run === run && view.phase === 'running.up')
      await daemon.kill()
      await writeFile(`${home.file('go')}-${run}`, '')
      await eventually('the run is over', () => missionProcesses(id).length === 0)
      daemon = await startDaemon(home.path)
    }
    const exited = await waitFor(daemon, id)
    expect(exited).toMatchObject({ exit_class: 'crashed', run: 3, restart_count: 2 })
    expect(exited.exit_reason).toContain('used up')
    expect(home.lines('began')).toHaveLength(3)
  })

  test('a limit on the running time holds across daemons', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const { id } = await start(daemon, { command: 'sleep 1000', timeout_ms: 2500 })
    await daemon.kill()
    const next = await startDaemon(home.path)
    expect(await waitFor(next, id)).toMatchObject({ exit_class: 'deadline', run: 1 })
    const exited = (await events(next, id)).find(({ type }) => type === 'run.exited')
    expect(exited?.['exit']).toMatchObject({ kind: 'code' })
    expect(ranOf(exited)).toBeGreaterThanOrEqual(2400)
  })

  test('a limit that passed while no daemon was there is acted on at once', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const { id } = await start(daemon, { command: 'sleep 1000', timeout_ms: 600 })
    const [created] = await events(daemon, id)
    await daemon.kill()
    await eventually('the limit has passed', () => Date.now() > Date.parse(created?.at ?? '') + 1000)
    const next = await startDaemon(home.path)
    expect(await waitFor(next, id)).toMatchObject({ exit_class: 'deadline' })
  })

  test('a limit on silence holds across daemons, and a mission that talks is left alone', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const [silent, talking] = await Promise.all([
      start(daemon, { command: 'echo once; sleep 1000', activity_timeout_ms: 3000 }),
      start(daemon, { command: 'while :; do echo again; sleep 0.1; done', activity_timeout_ms: 3000 }),
    ])
    await daemon.kill()
    const next = await startDaemon(home.path)
    expect(await waitFor(next, silent.id)).toMatchObject({ exit_class: 'stalled' })
    expect(await show(next, talking.id)).toMatchObject({ status: 'running' })
    expect(await next.text(`/v1/missions/${silent.id}/logs`)).toContain(
      '--- killed: no activity for 3s ---\n',
    )
  })

  test('a stop under way goes on with the next daemon, no sooner and no later', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const { id } = await start(daemon, {
      command: `trap '' TERM; echo ready; while :; do sleep 0.05; done`,
      stop_timeout_ms: 2500,
    })
    await eventually('it ignores', async () => (await daemon.text(`/v1/missions/${id}/logs`)) === 'ready\n')
    const asked = performance.now()
    const stopping = daemon.call('POST', `/v1/missions/${id}/stop`).catch(() => undefined)
    await mission(daemon, id, 'is being stopped', ({ phase }) => phase === 'running.stopping')
    await daemon.kill()
    await stopping
    const next = await startDaemon(home.path)
    expect(await waitFor(next, id)).toMatchObject({ exit_class: 'stopped', exit_signal: 'SIGKILL' })
    expect(performance.now() - asked).toBeGreaterThanOrEqual(2400)
    expect(missionProcesses(id)).toEqual([])
  })
})

function ranOf(event: EventView | undefined): number {
  const exit = event?.['exit']
  return typeof exit === 'object' && exit !== null && 'ran' in exit ? Number(exit.ran) : Number.NaN
}

describe.concurrent('an upgrade', () => {
  async function expectReplaced(end: (daemon: Daemon) => Promise<void>): Promise<void> {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const running = await start(daemon, { command: numbers(home.file('go')) })
    const ended = await start(daemon, { command: 'exit 4' })
    await waitFor(daemon, ended.id)
    const before = await daemon.get<MissionList>('/v1/missions')
    await end(daemon)
    expect(missionProcesses(running.id).length).toBeGreaterThan(0)
    const next = await startDaemon(home.path)
    expect(
      (await list(next)).map(({ id, name, created_at: at, run, status }) => [id, name, at, run, status]),
    ).toEqual(before.missions.map(({ id, name, created_at: at, run, status }) => [id, name, at, run, status]))
    await writeFile(home.file('go'), '')
    expect(await waitFor(next, running.id)).toMatchObject({ exit_code: 12 })
    expectNumbered(await next.text(`/v1/missions/${running.id}/logs`))
    const types = (await events(next)).map(({ type }) => type)
    expect(types.filter((type) => type.startsWith('runtime.'))).toEqual([
      'runtime.started',
      'runtime.stopped',
      'runtime.started',
    ])
  }

  test('a daemon that is shut down and told to keep its missions hands them to the next one', () =>
    expectReplaced((daemon) => daemon.shutdown(true)))

  test.each(['SIGTERM', 'SIGINT'] as const)('%s ends the daemon and not its missions', (signal) =>
    expectReplaced(async (daemon) => {
      daemon.signal(signal)
      expect(await daemon.ended).toEqual({ code: 0, signal: null })
    }),
  )

  test('SIGHUP does not end the daemon', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    daemon.signal('SIGHUP')
    expect(await daemon.get('/v1/status')).toMatchObject({ pid: daemon.pid })
  })

  test('a shutdown ends all missions, and says how many', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    await Promise.all(Array.from({ length: 5 }, () => start(daemon, { command: 'sleep 1000' })))
    await waitFor(daemon, (await start(daemon, { command: 'true' })).id)
    expect(await daemon.post('/v1/shutdown', {})).toEqual({ stopped: 5 })
    expect(await daemon.ended).toEqual({ code: 0, signal: null })
    expect(home.processes()).toEqual([])
  })

  test('no mission outlives a shutdown, however late it was started', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    await start(daemon, { command: 'sleep 1000' })
    const starts = Array.from({ length: 60 }, () =>
      daemon.call('POST', '/v1/missions', { body: { command: 'sleep 1000' } }).catch(() => undefined),
    )
    const shutdown = daemon.call('POST', '/v1/shutdown', { body: {} }).catch(() => undefined)
    await Promise.all([...starts, shutdown])
    expect(await daemon.ended).toEqual({ code: 0, signal: null })
    expect(home.processes()).toEqual([])
  })
})

test('a daemon that falls by a mistake leaves its last words in its log', async () => {
  await using home = await temporaryHome()
  const daemon = await startDaemon(home.path, { node: ['--import', program('falls-on-request.ts')] })
  daemon.signal('SIGUSR2')
  expect((await daemon.ended).code).not.toBe(0)
  const lines = readFileSync(join(home.path, 'daemon.log'), 'utf8').trimEnd().split('\n')
  // Lines on their way to the disk as it falls may arrive behind these words.
  const words = lines.map((line): unknown => JSON.parse(line))
  expect(words).toContainEqual(
    expect.objectContaining({
      msg: 'fell',
      err: { stack: expect.stringContaining('nobody catches this') },
    }),
  )
})

test('so does one that falls while it starts', async () => {
  await using home = await temporaryHome()
  const news = await tryDaemon(home.path, { node: ['--import', program('falls-while-starting.ts')] })
  expect(news).toMatchObject({ died: expect.anything() })
  expect(readFileSync(join(home.path, 'daemon.log'), 'utf8')).toContain('nobody catches this either')
})
