/** What a daemon finds when it takes a home over, and what it must not believe. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import {
  mkdir,
  open,
  readFile,
  rm,
  rmdir,
  stat,
  symlink,
  truncate,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Description, MissionView } from '../../src/index.ts'
import {
  events,
  list,
  MAIN,
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
import { type TemporaryHome, temporaryHome } from '../support/home.ts'
import { end, endGroup, isAlive, keeperOf, missionProcesses, openIn } from '../support/processes.ts'
import { editState, editStore } from '../support/store-file.ts'
import { writeStore } from '../support/written-store.ts'

/** A process that has nothing to do with Overmind. */
async function stranger(home: TemporaryHome): Promise<number> {
  const child = spawn('sleep', ['1000'], {
    env: { PATH: process.env['PATH'] ?? '' },
    stdio: 'ignore',
    detached: true,
  })
  await once(child, 'spawn')
  const { pid } = child
  if (pid === undefined) throw new Error('a spawned process has a number')
  home.defer(() => end(pid))
  return pid
}

function waitsFor(file: string, then: string): string {
  return `echo begin; while [ ! -e ${file} ]; do sleep 0.05; done; ${then}`
}

describe.concurrent('the socket', () => {
  test("of a killed daemon is stale, and in nobody's way", async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    await daemon.kill()
    expect(existsSync(daemon.socket)).toBe(true)
    const next = await startDaemon(home.path)
    expect(await next.get('/v1/status')).toMatchObject({ pid: next.pid })
  })

  test('is replaced when something else lies in its place', async () => {
    await using home = await temporaryHome()
    await mkdir(home.path, { mode: 0o700 })
    await writeFile(join(home.path, 'overmind.sock'), 'not a socket')
    const daemon = await startDaemon(home.path)
    expect(await daemon.get('/v1/status')).toMatchObject({ pid: daemon.pid })
  })

  test('is left to whoever answers on it', async () => {
    await using home = await temporaryHome()
    await mkdir(home.path, { mode: 0o700 })
    const server = createServer(() => {}).listen(join(home.path, 'overmind.sock'))
    await once(server, 'listening')
    expect(await tryDaemon(home.path)).toMatchObject({ error: { code: 'home_in_use' } })
    server.close()
  })

  test('is gone when the daemon has ended in order', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    await daemon.shutdown(true)
    expect(existsSync(daemon.socket)).toBe(false)
  })
})

describe.concurrent('a recorded process', () => {
  test('whose number a stranger has now is not signalled; the mission is lost', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const { id, os_pid: pid } = await start(daemon, { command: 'sleep 1000' })
    await daemon.kill()
    endGroup(pid)
    await eventually('it is gone', () => missionProcesses(id).length === 0)
    const other = await stranger(home)
    editState(home.path, id, '$.process.pid', other)
    const next = await startDaemon(home.path)
    expect(await waitFor(next, id)).toMatchObject({ exit_class: 'lost' })
    expect(await next.call('POST', `/v1/missions/${id}/kill`)).toMatchObject({ status: 409 })
    expect(isAlive(other)).toBe(true)
  })

  test('whose number a stranger has now, in the middle of a kill: the stranger lives', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path, {
      main: program('crashing-daemon.ts'),
      env: { CRASH_EVENT: 'run.ending', CRASH_WHEN: 'after' },
    })
    const { id, os_pid: pid } = await start(daemon, { command: 'sleep 1000' })
    await daemon.call('POST', `/v1/missions/${id}/kill`).catch(() => undefined)
    await daemon.ended
    endGroup(pid)
    await eventually('it is gone', () => missionProcesses(id).length === 0)
    const other = await stranger(home)
    editState(home.path, id, '$.process.pid', other)
    const next = await startDaemon(home.path)
    expect(await waitFor(next, id)).toMatchObject({ exit_class: 'killed' })
    expect(isAlive(other)).toBe(true)
  })

  test('that is wrong while the mission lives: it is found by its marker, and the stranger left alone', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const { id, os_pid: keeper } = await start(daemon, { command: 'sleep 1000' })
    await daemon.kill()
    const other = await stranger(home)
    editState(home.path, id, '$.process.pid', other)
    const next = await startDaemon(home.path)
    expect(await show(next, id)).toMatchObject({ status: 'running', os_pid: keeper })
    expect(await next.post(`/v1/missions/${id}/stop`)).toMatchObject({ exit_class: 'stopped' })
    expect(missionProcesses(id)).toEqual([])
    expect(isAlive(other)).toBe(true)
  })
})

describe.concurrent('after a restart of the machine', () => {
  /** The processes are gone and the boot is another one, as far as the store knows. */
  async function reboot(home: TemporaryHome, id: string, pid: number | null): Promise<void> {
    endGroup(pid)
    await eventually('it is gone', () => missionProcesses(id).length === 0)
    editState(home.path, id, '$.process.boot', 'another-boot')
  }

  test('a mission without a policy is lost, and one with a policy runs again uncharged', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const never = await start(daemon, { command: 'sleep 1000' })
    const again = await start(daemon, { command: 'sleep 1000', restart: 'on-failure', max_restarts: 1 })
    await daemon.kill()
    await reboot(home, never.id, never.os_pid)
    await reboot(home, again.id, again.os_pid)
    const next = await startDaemon(home.path)
    expect(await waitFor(next, never.id)).toMatchObject({
      exit_class: 'lost',
      exit_reason: 'the machine was restarted while it ran',
    })
    await mission(next, again.id, 'runs again', ({ run, phase }) => run === 2 && phase === 'running.up')
    expect((await events(next, again.id)).filter(({ type }) => type === 'mission.restarting')).toMatchObject([
      { charged: false, delay: 0 },
    ])
  })

  test('the exit code of a mission that ended before it is found', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const { id } = await start(daemon, { command: waitsFor(home.file('go'), 'exit 19') })
    await daemon.kill()
    await writeFile(home.file('go'), '')
    await eventually('it has ended', () => missionProcesses(id).length === 0)
    editState(home.path, id, '$.process.boot', 'another-boot')
    const next = await startDaemon(home.path)
    expect(await waitFor(next, id)).toMatchObject({ exit_code: 19, exit_class: 'crashed' })
  })

  test('a mission that waited for its next run waits by the wall clock', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const { id } = await start(daemon, {
      command: '[ $OVERMIND_RUN = 2 ]',
      restart: 'on-failure',
      backoff_ms: 60_000,
    })
    await mission(daemon, id, 'waits', ({ phase }) => phase === 'restarting.backoff')
    await daemon.kill()
    editState(home.path, id, '$.timers.backoff.boot', 'another-boot')
    editState(home.path, id, '$.timers.backoff.wall', Date.now() - 1000)
    const next = await startDaemon(home.path)
    expect(await waitFor(next, id)).toMatchObject({ exit_class: 'completed', run: 2 })
  })
})

/** A store that is lost while a mission runs under it, with everything a mission may have. */
async function losesStore(
  home: TemporaryHome,
  lose: (path: string) => Promise<void>,
): Promise<{
  readonly before: MissionView
  readonly next: Awaited<ReturnType<typeof startDaemon>>
}> {
  const daemon = await startDaemon(home.path)
  const before = await start(daemon, {
    command: `echo "$OVERMIND_RUN $SECRET" >>${home.file('began')}; ${waitsFor(home.file('go'), 'exit 23')}`,
    name: 'precious',
    env: { PATH: process.env['PATH'] ?? '', SECRET: 'kept-secret' },
    restart: 'on-failure',
    max_restarts: 3,
    backoff_ms: 10,
  })
  await eventually('it runs', () => home.lines('began').length === 1)
  await daemon.shutdown(true)
  await lose(join(home.path, 'overmind.db'))
  return { before, next: await startDaemon(home.path) }
}

/** The mission is as it was, goes on as it would have, and obeys. */
async function expectSaved(
  { before, next }: Awaited<ReturnType<typeof losesStore>>,
  home: TemporaryHome,
): Promise<void> {
  const [found, ...others] = await list(next)
  expect(others).toEqual([])
  const { created_at: _, started_at: __, last_activity: ___, ...same } = before
  expect(found).toMatchObject(same)
  expect(Math.abs(Date.parse(found?.started_at ?? '') - Date.parse(before.started_at ?? ''))).toBeLessThan(
    200,
  )
  const { spec } = await next.get<Description>(`/v1/missions/${before.id}/description`)
  expect(spec).toMatchObject({ restart: 'on-failure', max_restarts: 3, backoff_ms: 10 })
  await writeFile(home.file('go'), '')
  await mission(
    next,
    before.id,
    'has used up its restarts',
    ({ run, status }) => run === 4 && status === 'crashed',
  )
  expect(home.lines('began')).toEqual([1, 2, 3, 4].map((run) => `${run} kept-secret`))
  expect(await next.text(`/v1/missions/${before.id}/logs?run=1`)).toBe('begin\n')
}

describe.concurrent('a store that is lost while missions run', () => {
  test('deleted: they are adopted from their keepers, with name, description and environment', async () => {
    await using home = await temporaryHome()
    await expectSaved(await losesStore(home, (path) => rm(path)), home)
  })

  test('deleted: a mission is killed by its name', async () => {
    await using home = await temporaryHome()
    const { before, next } = await losesStore(home, (path) => rm(path))
    expect(await next.post('/v1/missions/precious/kill')).toMatchObject({
      id: before.id,
      exit_class: 'killed',
    })
    expect(missionProcesses(before.id)).toEqual([])
  })

  test.each([
    [
      'overwritten in the middle',
      async (path: string) => {
        const { size } = await stat(path)
        await using file = await open(path, 'r+')
        await file.write(Buffer.alloc(size - 4096 - 100, 0xa5), 0, size - 4096 - 100, 4096)
      },
    ],
    ['cut in half', async (path: string) => truncate(path, Math.floor(statSync(path).size / 2))],
    ['full of garbage', async (path: string) => writeFile(path, Buffer.alloc(50_000, 'garbage '))],
    [
      'a store of something else',
      async (path: string) => {
        await rm(path)
        editStore(join(path, '..'), 'CREATE TABLE strange (x)')
      },
    ],
  ])('%s: it is set aside, that is said, and the missions are adopted', async (_, damage) => {
    await using home = await temporaryHome()
    const lost = await losesStore(home, damage)
    const [first] = await events(lost.next)
    expect(first).toMatchObject({ type: 'store.replaced', reason: expect.any(String) })
    expect(existsSync(String(first?.['path']))).toBe(true)
    await expectSaved(lost, home)
  })

  test.each([
    ['state', `UPDATE missions SET state = '{}'`],
    ['spec', `UPDATE missions SET spec = 'not json'`],
    ['id', `UPDATE missions SET id = 'no id'`],
    ['environment', `UPDATE environments SET variables = '['`],
  ])(
    'with a mission whose %s cannot be read: its record is set aside, and the mission adopted',
    async (_, sql) => {
      await using home = await temporaryHome()
      const { before, next } = await losesStore(home, async () => editStore(home.path, sql))
      const journal = await events(next)
      expect(journal[0]).toMatchObject({ type: 'runtime.started' })
      expect(journal.map(({ type }) => type)).toContain('store.mended')
      expect(await next.post('/v1/missions/precious/kill')).toMatchObject({
        id: before.id,
        exit_class: 'killed',
      })
    },
  )

  test('as version 1 has written it: every mission is known, and can be described, ended and forgotten', async () => {
    await using home = await temporaryHome()
    await mkdir(home.path, { mode: 0o700 })
    const { missions } = writeStore(join(home.path, 'overmind.db'), 1)
    const daemon = await startDaemon(home.path)
    const known = await list(daemon)
    expect(known.map(({ id }) => id)).toEqual(expect.arrayContaining(missions.map(({ id }) => id)))
    for (const { id } of missions) {
      for (const view of ['', '/description', '/logs', '/runs'])
        expect(await daemon.call('GET', `/v1/missions/${id}${view}`)).toMatchObject({ status: 200 })
    }
    const log = readFileSync(join(home.path, 'daemon.log'), 'utf8').trimEnd().split('\n')
    expect(log.filter((line) => JSON.parse(line).level >= 50)).toEqual([])
    for (const { id } of missions) await daemon.call('POST', `/v1/missions/${id}/kill`)
    for (const { id } of missions)
      expect((await daemon.call('DELETE', `/v1/missions/${id}`)).status).toBeLessThan(300)
    const left = new Set((await list(daemon)).map(({ id }) => id))
    expect(missions.filter(({ id }) => left.has(id))).toEqual([])
    await daemon.shutdown(false)
  })

  test('one event that cannot be read does not hide the others', async () => {
    await using home = await temporaryHome()
    const { next, before } = await losesStore(home, async () =>
      editStore(home.path, `UPDATE events SET body = 'not json' WHERE type = 'run.starting'`),
    )
    const journal = await events(next)
    expect(journal.map(({ type }) => type)).toContain('run.adopted')
    expect(await next.call('GET', `/v1/missions/${before.id}/description`)).toMatchObject({ status: 200 })
  })

  test('emptied: that is said too', async () => {
    await using home = await temporaryHome()
    const { next } = await losesStore(home, (path) => truncate(path, 0))
    expect((await events(next))[0]).toMatchObject({ type: 'store.replaced' })
  })

  test('deleted: limits on time and on silence still hold', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const [slow, silent] = await Promise.all([
      start(daemon, { command: 'while :; do echo; sleep 0.1; done', timeout_ms: 2500 }),
      start(daemon, { command: 'sleep 1000', activity_timeout_ms: 2500 }),
    ])
    await daemon.kill()
    for (const suffix of ['', '-wal', '-shm'])
      await rm(join(home.path, `overmind.db${suffix}`), { force: true })
    const next = await startDaemon(home.path)
    expect(await waitFor(next, slow.id, 6000)).toMatchObject({ exit_class: 'deadline' })
    expect(await waitFor(next, silent.id, 6000)).toMatchObject({ exit_class: 'stalled' })
  })

  test('a revision of the lost store is answered with the news that it is of no use', async () => {
    await using home = await temporaryHome()
    const { next } = await losesStore(home, (path) => rm(path))
    using stream = await next.lines('/v1/missions/watch?since=100000')
    const messages: unknown[] = []
    void (async () => {
      for await (const line of stream) messages.push(JSON.parse(line))
    })()
    await next.post('/v1/missions/precious/kill')
    await eventually('the watcher is told to list again', () => messages.length > 0, 3000)
    expect(messages).toMatchObject([{ type: 'list_again' }])
  })

  test('written by a newer version: the daemon says so and touches nothing', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const { id } = await start(daemon, { command: 'sleep 1000' })
    await daemon.shutdown(true)
    editStore(home.path, 'PRAGMA user_version = 999')
    const news = await tryDaemon(home.path)
    expect(news).toMatchObject({ error: { code: 'store_failed', message: expect.stringContaining('newer') } })
    expect(readdirSync(home.path).filter((name) => name.includes('damaged'))).toEqual([])
    expect(missionProcesses(id).length).toBeGreaterThan(0)
    editStore(home.path, 'PRAGMA user_version = 1')
    expect(await show(await startDaemon(home.path), id)).toMatchObject({ status: 'running' })
  })
})

describe.concurrent('the home', () => {
  test('has one daemon: of ten started at once one wins, and the others say why they do not', async () => {
    await using home = await temporaryHome()
    const news = await Promise.all(Array.from({ length: 10 }, () => tryDaemon(home.path)))
    expect(news.filter((each) => 'ready' in each)).toHaveLength(1)
    expect(news.filter((each) => 'error' in each && each.error.code === 'home_in_use')).toHaveLength(9)
    await eventually('the others have gone', () => home.processes().length === 1)
  })

  test('that is a file is not usable', async () => {
    await using home = await temporaryHome()
    await writeFile(home.path, '')
    expect(await tryDaemon(home.path)).toMatchObject({ error: { code: 'home_not_writable' } })
  })

  test.each([
    'runs',
    'daemon.lock',
    'daemon.lock-journal',
    'daemon.log',
    'overmind.db',
    'overmind.db.reserve',
  ])(
    'is not usable with a link, a folder or a pipe in the place of %s, and nothing is written through the link',
    async (name) => {
      await using home = await temporaryHome()
      await mkdir(home.path, { mode: 0o700 })
      await writeFile(home.file('elsewhere'), 'text')
      const path = join(home.path, name)
      const refused = (kind: string): object => ({
        error: {
          code: 'home_not_writable',
          message: `${path} is ${kind}, and is to be a file: move it away, and start again`,
        },
      })
      await symlink(home.file('elsewhere'), path)
      expect(await tryDaemon(home.path)).toEqual(refused('a link'))
      expect(await readFile(home.file('elsewhere'), 'utf8')).toBe('text')
      await unlink(path)
      await mkdir(path)
      expect(await tryDaemon(home.path)).toEqual(refused('a folder'))
      await rmdir(path)
      execFileSync('mkfifo', [path])
      expect(await tryDaemon(home.path)).toEqual(refused('a pipe'))
    },
  )

  test('whose path is too long for a socket is refused, and not made', async () => {
    await using home = await temporaryHome()
    const path = join(home.folder, 'x'.repeat(100))
    expect(await tryDaemon(path)).toMatchObject({
      error: { code: 'home_path_too_long', message: expect.stringContaining('OVERMIND_HOME') },
    })
    expect(existsSync(path)).toBe(false)
  })

  test('is private: folder, socket, store and log are for their owner alone, whatever the umask', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path, {
      node: ['--import', 'data:text/javascript,process.umask(0)'],
    })
    const { id } = await start(daemon, { command: 'echo x' })
    await waitFor(daemon, id)
    const mode = (name: string): string => (statSync(join(home.path, name)).mode & 0o777).toString(8)
    expect(mode('.')).toBe('700')
    const folders = ['input', 'output', 'results', 'tty']
    for (const folder of folders) expect([folder, mode(folder)]).toEqual([folder, '700'])
    const files = readdirSync(home.path).filter((name) => !folders.includes(name))
    expect(files).toContain('overmind.sock')
    expect(files.filter((name) => mode(name) !== '600')).toEqual([])
    expect(mode(`output/${id}.1.log`)).toBe('600')
  })

  test('has a daemon that opens no port, also not for a debugger', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    daemon.signal('SIGUSR1')
    // The signal has been taken by the time in which the next things are through.
    const { id } = await start(daemon, { command: 'sleep 0.2' })
    await waitFor(daemon, id)
    expect(daemon.stderr()).toBe('')
    const sockets = openIn(daemon.pid)
    const ports = ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((kind) =>
      readFileSync(`/proc/${daemon.pid}/net/${kind}`, 'latin1').split('\n').slice(1),
    )
    const own = ports.filter((line) => sockets.includes(`socket:[${line.trim().split(/\s+/)[9]}]`))
    expect(own).toEqual([])
  })

  test("reached by another path is the same home: what left a mission's group is still found", async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const { id } = await start(daemon, { command: 'setsid sleep 1000 & echo ready; sleep 1000' })
    await eventually('it is up', async () => (await daemon.text(`/v1/missions/${id}/logs`)) === 'ready\n')
    await daemon.kill()
    const link = home.file('link')
    await symlink(home.path, link)
    const next = await startDaemon(link)
    home.defer(() => end(next.pid))
    await next.post(`/v1/missions/${id}/stop`)
    const left = missionProcesses(id)
    await next.kill()
    expect(left).toEqual([])
  })

  test('with a lock file that is garbage can be used', async () => {
    await using home = await temporaryHome()
    await mkdir(home.path, { mode: 0o700 })
    await writeFile(join(home.path, 'daemon.lock'), Buffer.alloc(8192, 'garbage '))
    expect(await tryDaemon(home.path)).toMatchObject({ ready: true })
  })

  test('whoever started the daemon may leave before it is ready', async () => {
    await using home = await temporaryHome()
    const first = await startDaemon(home.path)
    const { id } = await start(first, { command: 'sleep 1000' })
    await first.kill()
    const child = spawn(process.execPath, ['--conditions=overmind-source', MAIN], {
      env: { ...process.env, OVERMIND_HOME: home.path, OVERMIND_SUPERVISOR: 'daemon' },
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      detached: true,
    })
    child.stdio[3]?.destroy()
    await once(child, 'spawn')
    await eventually(
      'the daemon answers',
      async () => (await first.get<{ pid: number }>('/v1/status').catch(() => undefined))?.pid === child.pid,
    )
    expect(await show(first, id)).toMatchObject({ status: 'running' })
  })
})

describe.concurrent('files that go away under a running daemon', () => {
  test('the output of a running mission: the daemon and the mission go on', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const { id } = await start(daemon, {
      command: `while [ ! -e ${home.file('go')} ]; do echo tick >>${home.file('ticks')}; sleep 0.05; done; exit 8`,
    })
    await unlink(join(home.path, 'output', `${id}.1.log`))
    await eventually('it went on for a while', () => home.lines('ticks').length > 30)
    await writeFile(home.file('go'), '')
    expect(await waitFor(daemon, id)).toMatchObject({ exit_code: 8 })
  })

  test('the output of a mission while no daemon runs: the next daemon starts and adopts it', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const { id } = await start(daemon, { command: waitsFor(home.file('go'), 'exit 8') })
    await daemon.kill()
    await rm(join(home.path, 'output'), { recursive: true })
    const next = await startDaemon(home.path)
    await writeFile(home.file('go'), '')
    expect(await waitFor(next, id)).toMatchObject({ exit_code: 8 })
  })

  test('the output of a session, for a folder: it says so, and its end is noted', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const { id } = await start(daemon, { command: 'cat; exit 8', type: 'session' })
    const { message } = await daemon.post<{ message: string }>(`/v1/missions/${id}/messages`, {
      text: 'hello',
    })
    await daemon.get(`/v1/missions/${id}/messages/${message}`)
    const path = join(home.path, 'output', `${id}.1.out`)
    await unlink(path)
    await mkdir(path)
    expect(await daemon.call('GET', `/v1/missions/${id}/result`)).toMatchObject({
      status: 404,
      body: { code: 'no_result' },
    })
    expect(await daemon.text(`/v1/missions/${id}/logs?raw=true`)).toBe('')
    await daemon.post(`/v1/missions/${id}/kill`)
    expect(await waitFor(daemon, id)).toMatchObject({ exit_class: 'killed' })
  })

  test('the runs journal: exit codes are still found', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const { id } = await start(daemon, { command: waitsFor(home.file('go'), 'exit 8') })
    await daemon.kill()
    const next = await startDaemon(home.path)
    await unlink(join(home.path, 'runs'))
    await writeFile(home.file('go'), '')
    expect(await waitFor(next, id)).toMatchObject({ exit_code: 8 })
  })
})

describe.concurrent('when the wall clock jumps', () => {
  const HOUR = 3_600_000
  const JUMPING = ['--import', program('jumping-clock.ts')]

  test.each([
    ['an hour ahead', HOUR],
    ['an hour back', -HOUR],
  ])('%s under a daemon: limits, waits and lengths of runs stay right', async (_, jump) => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path, { node: JUMPING, env: { CLOCK_JUMPS: String(jump) } })
    const began = performance.now()
    const limited = await start(daemon, { command: 'sleep 1000', timeout_ms: 1500 })
    const waiting = await start(daemon, {
      command: '[ $OVERMIND_RUN = 2 ]',
      restart: 'on-failure',
      backoff_ms: 1500,
    })
    const ending = await start(daemon, { command: 'sleep 1; exit 3' })
    daemon.signal('SIGUSR2')
    expect(await waitFor(daemon, limited.id)).toMatchObject({ exit_class: 'deadline' })
    expect(await waitFor(daemon, waiting.id)).toMatchObject({ exit_class: 'completed', run: 2 })
    expect(await waitFor(daemon, ending.id)).toMatchObject({ exit_code: 3 })
    const took = performance.now() - began
    expect(took).toBeGreaterThan(1100)
    for (const [{ id }, least] of [
      [limited, 1450],
      [ending, 950],
    ] as const) {
      const exited = (await events(daemon, id)).find(({ type }) => type === 'run.exited')
      expect(exited).toMatchObject({ exit: { kind: 'code' } })
      const ran = Number(Object(exited?.['exit']).ran)
      expect(ran).toBeGreaterThanOrEqual(least)
      expect(ran).toBeLessThan(took + 100)
    }
  })

  test.each([
    ['an hour ahead', HOUR],
    ['an hour back', -HOUR],
  ])('%s between two daemons: limits and lengths of runs stay right', async (_, shift) => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const began = performance.now()
    const { id } = await start(daemon, { command: 'sleep 1000', timeout_ms: 2500 })
    await daemon.kill()
    const next = await startDaemon(home.path, { node: JUMPING, env: { CLOCK_SHIFT: String(shift) } })
    expect(await waitFor(next, id)).toMatchObject({ exit_class: 'deadline' })
    const exited = (await events(next, id)).find(({ type }) => type === 'run.exited')
    const ran = Number(Object(exited?.['exit']).ran)
    expect(ran).toBeGreaterThanOrEqual(2400)
    expect(ran).toBeLessThan(performance.now() - began + 100)
  })

  test('ahead, right after a mission wrote something: it does not count as silent', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const { id } = await start(daemon, {
      command: `sleep 2; echo something; while [ ! -e ${home.file('go')} ]; do sleep 0.05; done; exit 2`,
      activity_timeout_ms: 3000,
    })
    const output = join(home.path, 'output', `${id}.1.log`)
    await eventually('it wrote', () => statSync(output).size > 0)
    // As the file looks to a clock that has jumped since, or to a machine that slept.
    const before = new Date(Date.now() - HOUR)
    await utimes(output, before, before)
    const { started_at: startedAt } = await show(daemon, id)
    await eventually('the first limit has passed', () => Date.now() > Date.parse(startedAt ?? '') + 3700)
    expect(await story(daemon, id)).not.toContain('run.stalled')
    await writeFile(home.file('go'), '')
    expect(await waitFor(daemon, id)).toMatchObject({ exit_code: 2 })
  })

  test('back, right after a mission wrote something: its silence is still noticed', async () => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const { id } = await start(daemon, { command: 'echo something; sleep 1000', activity_timeout_ms: 1000 })
    const output = join(home.path, 'output', `${id}.1.log`)
    await eventually('it wrote', () => statSync(output).size > 0)
    const later = new Date(Date.now() + HOUR)
    await utimes(output, later, later)
    expect(await waitFor(daemon, id, 6000)).toMatchObject({ exit_class: 'stalled' })
  })
})

test('an orphaned keeper is never taken for the mission of another home', async () => {
  await using one = await temporaryHome()
  await using other = await temporaryHome()
  const first = await startDaemon(one.path)
  const { id } = await start(first, { command: 'sleep 1000' })
  await first.kill()
  const second = await startDaemon(other.path)
  expect(await list(second)).toEqual([])
  expect(isAlive(keeperOf(id) ?? 0)).toBe(true)
})
