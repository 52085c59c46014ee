import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { DaemonStatus } from '../../src/index.ts'
import { type Daemon, events, list, start, startDaemon, waitFor } from '../support/daemon.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryHome } from '../support/home.ts'
import { runMany } from '../support/load.ts'
import { end, isAlive } from '../support/processes.ts'

test('three hundred runs of `true` all complete, and the daemon does not grow with them', async () => {
  await using home = await temporaryHome()
  const daemon = await startDaemon(home.path)
  const memory = async (): Promise<number> => (await daemon.get<DaemonStatus>('/v1/status')).memory_bytes
  await runMany(daemon, 100)
  const before = await memory()
  const codes = await runMany(daemon, 200)
  expect(codes).toEqual(Array.from({ length: 200 }, () => 0))
  // Half a megabyte for each run: the heap grows in steps of tens of megabytes before it is collected.
  expect((await memory()) - before).toBeLessThan(200 * 512 * 1024)
  const all = await list(daemon)
  expect(all).toHaveLength(300)
  expect(all.filter(({ exit_class: exitClass, run }) => exitClass !== 'completed' || run !== 1)).toEqual([])
  expect(home.processes().filter((pid) => pid !== daemon.pid)).toEqual([])
})

test.each([5, 20, 45])(
  'killed in the middle of a burst of starts, after %d ms: every mission on record runs once',
  async (after) => {
    await using home = await temporaryHome()
    const daemon = await startDaemon(home.path)
    const starts = Array.from({ length: 60 }, () =>
      daemon
        .call<{ id: string }>('POST', '/v1/missions', {
          body: {
            command: `echo $OVERMIND_MISSION_ID $OVERMIND_RUN >>${home.file('began')}; sleep 0.5`,
            cwd: '/tmp',
          },
        })
        .catch(() => undefined),
    )
    await eventually('the first have begun', () => home.lines('began').length > 0)
    // A moment of the burst, whichever: what must hold holds at all of them.
    await pause(after)
    await daemon.kill()
    const answered = (await Promise.all(starts)).flatMap((answer) =>
      answer?.status === 201 ? [answer.body.id] : [],
    )
    const next = await startDaemon(home.path)
    const missions = await list(next)
    expect(missions.map(({ id }) => id)).toEqual(expect.arrayContaining(answered))
    for (const { id } of missions) expect(await waitFor(next, id)).toMatchObject({ run: 1, exit_code: 0 })
    const began = home.lines('began')
    expect(began.toSorted()).toEqual(missions.map(({ id }) => `${id} 1`).toSorted())
    const journal = await events(next)
    for (const { id } of missions) {
      expect(journal.filter(({ type, mission }) => type === 'run.starting' && mission === id)).toHaveLength(1)
    }
    await home.isLeftWith(next.pid)
  },
)

/** The process through which a daemon starts missions; it has one once it has started one. */
function launcherOf(daemon: Daemon): number {
  const children = readFileSync(`/proc/${daemon.pid}/task/${daemon.pid}/children`, 'latin1')
  const [launcher] = children.split(' ').filter(Boolean).map(Number)
  if (launcher === undefined) throw new Error('the daemon has no child')
  return launcher
}

test('the launcher is killed in the middle of a burst: no mission begins twice', async () => {
  await using home = await temporaryHome()
  const daemon = await startDaemon(home.path)
  await waitFor(daemon, (await start(daemon, { command: 'true' })).id)
  const starts = Array.from({ length: 100 }, () =>
    start(daemon, { command: `echo $OVERMIND_MISSION_ID >>${home.file('began')}; sleep 0.5` }),
  )
  await eventually('the first have begun', () => home.lines('began').length > 2)
  end(launcherOf(daemon))
  const ids = (await Promise.all(starts)).map(({ id }) => id)
  for (const id of ids) expect(await waitFor(daemon, id)).toMatchObject({ exit_class: 'completed' })
  expect(home.lines('began').toSorted()).toEqual(ids.toSorted())
})

test('the launcher outlives its daemon and is slow: what it was told to start begins once', async () => {
  await using home = await temporaryHome()
  const daemon = await startDaemon(home.path)
  await waitFor(daemon, (await start(daemon, { command: 'true' })).id)
  const launcher = launcherOf(daemon)
  home.defer(() => end(launcher))
  process.kill(launcher, 'SIGSTOP')
  const command = `echo $OVERMIND_RUN >>${home.file('began')}; sleep 1`
  const lost = start(daemon, { command, name: 'slow' }).catch(() => undefined)
  await eventually('it is on record', async () => (await list(daemon)).some(({ name }) => name === 'slow'))
  await daemon.kill()
  await lost
  const ready = startDaemon(home.path)
  // A daemon that waits for the launcher would not be ready before it goes on.
  await Promise.race([ready, pause(3000)])
  if (isAlive(launcher)) process.kill(launcher, 'SIGCONT')
  const next = await ready
  expect(await waitFor(next, 'slow')).toMatchObject({ exit_class: 'completed' })
  await eventually('the launcher has ended', () => !isAlive(launcher))
  expect(home.lines('began')).toEqual(['1'])
})

test('a mission whose environment and arguments are more than the system takes fails alone, and says why', async () => {
  await using home = await temporaryHome()
  const daemon = await startDaemon(home.path)
  const words = ['true', ...Array.from({ length: 30 }, () => 'w'.repeat(100_000))]
  const [huge, ...others] = await Promise.all([
    daemon.call('POST', '/v1/missions', { body: { command: words, restart: 'always' } }),
    ...Array.from({ length: 10 }, async () => waitFor(daemon, (await start(daemon, { command: 'true' })).id)),
  ])
  expect(others.map((each) => each.exit_class)).toEqual(Array.from({ length: 10 }, () => 'completed'))
  if (huge?.status === 201) expect(huge.body).toMatchObject({ exit_class: 'failed-to-start' })
  else expect(huge).toMatchObject({ status: 400 })
})

test.each([
  ['OPTIND', 'abc'],
  ['IFS', 'x'],
  ['PPID', '5'],
  ['UID', '1000'],
  ['CDPATH', '/etc'],
  ['ENV', '/no/such/file'],
])('a variable that means something to a shell is only a variable to a mission: %s', async (name, value) => {
  await using home = await temporaryHome()
  const daemon = await startDaemon(home.path)
  const { id } = await start(daemon, { command: ['/usr/bin/env'], env: { [name]: value } })
  expect(await waitFor(daemon, id, 5000)).toMatchObject({ exit_class: 'completed', run: 1 })
  expect((await daemon.text(`/v1/missions/${id}/logs`)).split('\n')).toContain(`${name}=${value}`)
})
