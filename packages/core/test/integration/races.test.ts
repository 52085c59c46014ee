import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { inspect, promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import {
  createMemoryStore,
  createRuntime,
  type Mission,
  OvermindError,
  type Provider,
  seq,
  type Seq,
  type Store,
  systemClock,
} from '../../src/index.ts'
import { missionRecord, missionSpec } from '../fakes/records.ts'
import { eventually, soon } from '../support/eventually.ts'
import { temporaryHome } from '../support/home.ts'
import { bench, node, sh, storyOf, textSoFar } from '../support/missions.ts'
import { environmentOf, isAlive, keeperOf, launcherOf, processesWith } from '../support/processes.ts'
import { openSuccession } from '../support/succession.ts'

const settled = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof OvermindError ? error.code : inspect(error)),
  )

describe('restarts that meet', () => {
  test('each other all settle, and one run lives', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: 'sleep 1000; :' })
    for (let round = 0; round < 5; round += 1) {
      const asked: Promise<void>[] = []
      for (let count = 0; count < 4; count += 1) {
        asked.push(mission.restart())
        await pause(count * 2)
      }
      await soon(Promise.all(asked), 'all restarts', 8000)
    }
    await eventually(() => mission.view().state.phase === 'running.up')
    expect(keepersIn(overmind.home.processes())).toHaveLength(1)
  })

  test('the start are settled by it', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: 'sleep 1000; :' })
    await mission.kill()
    const first = mission.restart()
    expect(mission.view().state.phase).toBe('running.starting')
    await soon(Promise.all([first, mission.restart()]), 'both restarts', 5000)
    expect(mission.view().state).toMatchObject({ phase: 'running.up' })
  })

  test('a stop are refused, and the mission is stopped', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: sh('ignores-term.sh'), stopTimeoutMs: 200 })
    await eventually(async () => (await textSoFar(mission)) !== '')
    const stopping = mission.stop()
    await eventually(() => mission.view().state.phase === 'running.stopping')
    const restarting = settled(mission.restart())
    expect(await stopping).toMatchObject({ class: 'stopped' })
    expect(await soon(restarting, 'the restart')).toBe('not_running')
    expect(mission.view()).toMatchObject({ status: 'stopped', state: { run: 1 } })
  })
})

describe('a storm', () => {
  test('of stops, kills and restarts leaves every mission settled and no process', async () => {
    await using overmind = await bench()
    let state = 42
    const random = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below
    const missions = await Promise.all(
      Array.from({ length: 24 }, (_, index) =>
        overmind.runtime.start({
          command:
            index % 3 === 0
              ? sh('ignores-term.sh')
              : index % 3 === 1
                ? sh('escapes-session.sh', 'stay')
                : 'sleep 0.2; exit 1',
          restart: index % 2 === 0 ? 'always' : 'never',
          backoffMs: 1,
          stopTimeoutMs: 30,
        }),
      ),
    )
    const asked: Promise<unknown>[] = []
    for (let count = 0; count < 400; count += 1) {
      const mission = missions[random(missions.length)]!
      const ask = [
        (): Promise<unknown> => mission.stop(),
        (): Promise<unknown> => mission.kill(),
        (): Promise<unknown> => mission.restart(),
      ][random(3)]!
      asked.push(settled(ask()))
      if (count % 20 === 0) await pause(random(20))
    }
    await Promise.all(missions.map((mission) => settled(mission.kill())))
    await soon(Promise.all(asked), 'every request')
    await soon(
      Promise.all(
        missions.map((mission) => (mission.view().state.exit === null ? mission.kill() : mission.exited())),
      ),
      'every mission',
    )
    expect(overmind.home.processes()).toEqual([])
    expect(overmind.faults).toEqual([])
  })

  test('of two hundred missions at once ends with every code right', async () => {
    await using overmind = await bench()
    const missions = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        overmind.runtime.start({ command: `sleep 0.${index % 10}; exit ${index % 100}` }),
      ),
    )
    const exits = await Promise.all(missions.map((mission) => mission.exited()))
    expect(exits.map(({ code }) => code)).toEqual(missions.map((_, index) => index % 100))
    expect(overmind.home.processes()).toEqual([])
  })

  test('of commands that leave something behind leaves nothing', async () => {
    await using overmind = await bench()
    let left = 160
    const startSome = async (): Promise<void> => {
      while (left > 0) {
        left -= 1
        const mission = await overmind.runtime.start({ command: 'sleep 1000 & exit 0', stopTimeoutMs: 2000 })
        expect((await mission.exited()).receipt.signals).not.toEqual([])
      }
    }
    await Promise.all(Array.from({ length: 8 }, startSome))
    expect(overmind.home.processes()).toEqual([])
  }, 60_000)
})

describe('a name', () => {
  test('that many want at once is given to one', async () => {
    await using overmind = await bench()
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () =>
        settled(overmind.runtime.start({ command: 'sleep 1000', name: 'wanted' })),
      ),
    )
    expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(1)
    expect(outcomes.filter((outcome) => outcome === 'name_taken')).toHaveLength(19)
  })

  test('is taken over by a mission that comes in the place of another, and is its own again when that ends first', async () => {
    await using stage = await openSuccession()
    const sleep = { command: 'sleep 1000', name: 'web' }
    const first = await stage.runtime().start(sleep)
    const inPlaceOf = first.id
    const second = await stage.runtime().start(sleep, { inPlaceOf })
    expect(stage.runtime().get('web').id).toBe(second.id)
    const taken = { code: 'name_taken' }
    await expect(stage.runtime().start(sleep, { inPlaceOf })).rejects.toMatchObject(taken)
    await stage.takeOver()
    expect(stage.runtime().get('web').id).toBe(second.id)
    await stage.runtime().get(second.id).stop()
    expect(stage.runtime().get('web').id).toBe(first.id)
    await expect(stage.runtime().start(sleep)).rejects.toMatchObject(taken)
    await stage.runtime().remove(second.id)
    await expect(stage.runtime().start(sleep)).rejects.toMatchObject(taken)
    await stage.runtime().get(first.id).stop()
    await stage.runtime().start(sleep)
  })

  test('is free again when its mission has exited, and then its mission may not run again', async () => {
    await using overmind = await bench()
    const first = await overmind.runtime.start({
      command: '[ $OVERMIND_RUN = 1 ] || sleep 1000',
      name: 'web',
    })
    await first.exited()
    const second = await overmind.runtime.start({ command: 'sleep 1000', name: 'web' })
    await expect(first.restart()).rejects.toMatchObject({ code: 'name_taken' })
    expect(overmind.runtime.get('web').id).toBe(second.id)
    await second.kill()
    await first.restart()
    expect(overmind.runtime.get('web').id).toBe(first.id)
  })
})

describe('a removed mission', () => {
  test('cannot be started again by a handle on it', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: '[ $OVERMIND_RUN = 1 ] || sleep 1000' })
    await mission.exited()
    await overmind.runtime.remove(mission.id)
    expect(await soon(settled(mission.restart()), 'the restart', 3000)).toBe('not_found')
    expect(overmind.home.processes()).toEqual([])
    expect(overmind.runtime.list()).toEqual([])
  })

  test('leaves no event but the one that says so', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: 'echo some output' })
    await mission.exited()
    await overmind.runtime.remove(mission.id)
    const mine: string[] = []
    for await (const event of mission.events({ follow: false })) mine.push(event.type)
    expect(mine).toEqual(['mission.removed'])
  })

  test('ends those who listen to it', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: 'true' })
    const events = mission.events()
    await events.next()
    await mission.exited()
    await overmind.runtime.remove(mission.id)
    const rest = (async () => {
      for await (const event of events) if (event.type === 'mission.removed') return 'removed'
      return 'ended'
    })()
    expect(['removed', 'ended']).toContain(await soon(rest, 'the events'))
    const late = (async () => {
      for await (const _ of mission.events()) {
        // To its end.
      }
    })()
    await soon(late, 'the events of what is gone', 2000)
  })

  test('ends those who wait for what it will never come to', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: 'true' })
    await mission.exited()
    const waiting = settled(mission.until(({ run }) => run > 1))
    await overmind.runtime.remove(mission.id)
    expect(await soon(waiting, 'who waits')).toBe('not_found')
    expect(await settled(mission.exited())).toBe('done')
  })

  test('cannot be one that runs', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: 'sleep 1000' })
    await expect(overmind.runtime.remove(mission.id)).rejects.toMatchObject({ code: 'not_exited' })
    await mission.kill()
    await overmind.runtime.remove(mission.name)
    await expect(overmind.runtime.remove(mission.id)).rejects.toMatchObject({ code: 'not_found' })
  })
})

test('the events of a mission that has exited end, also for those who have seen its exit', async () => {
  await using overmind = await bench()
  const mission = await overmind.runtime.start({ command: 'true' })
  await mission.exited()
  const types = async (since: Seq): Promise<readonly string[]> => {
    const seen: string[] = []
    for await (const event of mission.events({ since })) seen.push(event.type)
    return seen
  }
  const [exited] = mission.history({ types: ['mission.exited'], limit: 1 })
  expect(await soon(types(seq(0)), 'all events')).toContain('mission.exited')
  expect(await soon(types(exited?.seq ?? seq(0)), 'those behind its exit')).not.toContain('mission.exited')
})

test('a runtime that cannot be had leaves nothing at work', async () => {
  await using home = await temporaryHome()
  const store: Store = { ...createMemoryStore(), close: () => {} }
  const first = await createRuntime({ home: home.path, store })
  const mission = await first.start({ command: 'exec sleep 1000', restart: 'always' })
  await first.close({ missions: 'keep' })
  const watches = (): number =>
    process.getActiveResourcesInfo().filter((resource) => resource === 'FSEventWrap').length
  await eventually(() => watches() === 0)
  const full: Store = {
    ...store,
    commit(change) {
      if (change.events.some(({ type }) => type === 'runtime.started'))
        throw new OvermindError('store_failed', 'the disk is full')
      return store.commit(change)
    },
  }
  expect(await settled(createRuntime({ home: home.path, store: full }))).toBe('store_failed')
  await eventually(() => watches() === 0)
  await using second = await createRuntime({ home: home.path, store })
  expect(second.get(mission.id).view()).toMatchObject({ status: 'running', state: { run: 1 } })
})

describe('closing', () => {
  test('while missions start lets every start settle and leaves no process', async () => {
    for (const after of [0, 1, 3, 8, 20]) {
      await using home = await temporaryHome()
      const runtime = await createRuntime({ home: home.path, onFault: () => {} })
      const starts = Array.from({ length: 20 }, () => settled(runtime.start({ command: 'sleep 1000; :' })))
      await pause(after)
      await soon(runtime.close(), 'the close')
      await soon(Promise.all(starts), 'every start', 3000)
      expect({ after, left: home.processes() }).toEqual({ after, left: [] })
    }
  })

  test('while missions start and keeping them leaves what the next runtime finds', async () => {
    for (const after of [0, 2, 8]) {
      await using home = await temporaryHome()
      const store: Store = { ...createMemoryStore(), close: () => {} }
      const one = await createRuntime({ home: home.path, store, onFault: () => {} })
      const starts = Array.from({ length: 10 }, () => settled(one.start({ command: 'sleep 1000; :' })))
      await pause(after)
      await one.close({ missions: 'keep' })
      await soon(Promise.all(starts), 'every start', 3000)
      const two = await createRuntime({ home: home.path, store, onFault: () => {} })
      await soon(
        eventually(() => two.list().every((mission) => mission.view().state.phase === 'running.up')),
        'all are up',
      )
      const keepers = keepersIn(home.processes())
      expect(keepers).toHaveLength(two.list().length)
      await two.close()
      expect(home.processes()).toEqual([])
    }
  })

  test('ends everything that waits for a mission that is kept', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: 'sleep 1000' })
    const waiting = Promise.all([
      settled(mission.exited()),
      (async () => {
        for await (const _ of mission.events()) {
          // To its end.
        }
      })(),
    ])
    await overmind.runtime.close({ missions: 'keep' })
    const [exit] = await soon(waiting, 'all who wait', 2000)
    expect(exit).toBe('runtime_closed')
  })

  test.each(['stop', 'kill', 'restart'] as const)(
    'makes a later %s fail, and nothing is started',
    async (request) => {
      await using overmind = await bench()
      const mission = await overmind.runtime.start({ command: 'echo up; exec sleep 1000', name: 'kept' })
      // All of its processes are there.
      await eventually(async () => (await textSoFar(mission)) === 'up\n')
      const done = await overmind.runtime.start({ command: '[ $OVERMIND_RUN = 1 ] || sleep 1000' })
      await done.exited()
      await overmind.runtime.close({ missions: 'keep' })
      const before = overmind.home.processes()
      expect(await soon(settled(mission[request]()), request, 2000)).toBe('runtime_closed')
      expect(await soon(settled(done.restart()), 'restart', 2000)).toBe('runtime_closed')
      expect(overmind.home.processes().filter((pid) => !before.includes(pid))).toEqual([])
    },
  )

  test('makes a restart fail that comes while it ends what runs', async () => {
    await using overmind = await bench()
    const slow = await overmind.runtime.start({ command: sh('ignores-term.sh'), stopTimeoutMs: 500 })
    await eventually(async () => (await textSoFar(slow)) !== '')
    const done = await overmind.runtime.start({ command: '[ $OVERMIND_RUN = 1 ] || sleep 1000' })
    await done.exited()
    const closing = overmind.runtime.close()
    expect(await settled(done.restart())).toBe('runtime_closed')
    await closing
    expect(overmind.home.processes()).toEqual([])
  })

  test('that fails may be tried again, and meanwhile all goes on', async () => {
    await using home = await temporaryHome()
    const store = createMemoryStore()
    let isFull = false
    const runtime = await createRuntime({
      home: home.path,
      concurrency: { missions: 1 },
      store: {
        ...store,
        commit(change) {
          if (isFull) throw new OvermindError('store_failed', 'the disk is full')
          return store.commit(change)
        },
      },
      onFault: () => {},
    })
    const mission = await runtime.start({ command: 'sleep 1000' })
    isFull = true
    await expect(runtime.close()).rejects.toMatchObject({ code: 'store_failed' })
    isFull = false
    const next = runtime.start({ command: 'sleep 1000' })
    await mission.kill()
    await eventually(async () => (await next).view().state.phase === 'running.up')
    await runtime.close()
    expect(home.processes()).toEqual([])
  })

  test('makes a later start fail', async () => {
    const runtime = await createRuntime()
    await runtime.close()
    await runtime.close()
    await expect(runtime.start({ command: 'true' })).rejects.toMatchObject({ code: 'runtime_closed' })
  })

  test.each(['keep', 'stop'])('lets the program end by itself (%s)', async (missions) => {
    await using home = await temporaryHome()
    const [file, ...args] = node('leaves-quietly.ts', home.path, missions)
    const { stdout } = await promisify(execFile)(file!, args, { timeout: 10_000 })
    expect(stdout).toBe('closed\n')
    expect(home.processes().length > 0).toBe(missions === 'keep')
  })
})

describe('clocks', () => {
  test('that jump do not make a talking run stalled', async () => {
    let jump = 0
    const clock = {
      ...systemClock,
      now: () => {
        const { wall, monotonic } = systemClock.now()
        return { wall: wall + jump, monotonic }
      },
    }
    await using overmind = await bench({ clock })
    const mission = await overmind.runtime.start({
      command: 'i=0; while [ $i -lt 60 ]; do echo $i; i=$((i+1)); sleep 0.05; done',
      activityTimeoutMs: 800,
    })
    await eventually(async () => (await textSoFar(mission)).includes('\n20\n'))
    // An hour of suspension, or a correction of the time of day.
    jump = 3_600_000
    expect(await mission.exited()).toMatchObject({ class: 'completed' })
    expect(await storyOf(mission)).not.toContain('run.stalled')
  })
})

describe('numbers of processes that were given out again', () => {
  test('never make a stranger part of a mission', async () => {
    await using home = await temporaryHome()
    const stranger = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' })
    try {
      const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
      const store = createMemoryStore()
      const base = missionRecord({ spec: missionSpec({ command: 'sleep 1000', cwd: '/tmp' }) })
      store.commit({
        events: [],
        put: [
          {
            ...base,
            state: {
              ...base.state,
              phase: 'running.stopping',
              run: 1,
              process: { pid: stranger.pid!, start: '1', boot },
              startedAt: { wall: Date.now(), monotonic: 1 },
              ending: { reason: 'stop', rung: 'kill', timeoutMs: 10 },
            },
          },
        ],
      })
      await using runtime = await createRuntime({ home: home.path, store })
      expect(await runtime.get(base.id).exited()).toMatchObject({ class: 'stopped', code: 137 })
      await runtime.close()
      expect(isAlive(stranger.pid!)).toBe(true)
    } finally {
      stranger.kill('SIGKILL')
    }
  })
})

describe('a runs journal that has grown long', () => {
  test('is set aside between two supervisors, and no exit is lost with it', async () => {
    await using home = await temporaryHome()
    const store: Store = { ...createMemoryStore(), close: () => {} }
    const one = await createRuntime({ home: home.path, store })
    const living = await one.start({
      command: `while [ ! -e '${home.path}/go' ]; do sleep 0.02; done; exit 5`,
    })
    const ending = await one.start({ command: 'sleep 0.2; exit 6' })
    await one.close({ missions: 'keep' })
    await eventually(() => processesWith(`OVERMIND_MISSION_ID=${ending.id}`).length === 0)
    await appendFile(join(home.path, 'runs'), 'exit 00000000 1 0 1.00\n'.repeat(60_000))
    await using two = await createRuntime({ home: home.path, store })
    expect(await two.get(ending.id).exited()).toMatchObject({ code: 6 })
    await appendFile(join(home.path, 'go'), '')
    expect(await two.get(living.id).exited()).toMatchObject({ code: 5 })
  })
})

test('what was written for an agent is not run as a command by a supervisor that does not know the agent', async () => {
  await using home = await temporaryHome()
  const store: Store = { ...createMemoryStore(), close: () => {} }
  const agent: Provider = {
    name: 'agent',
    invoke: ({ env }) => ({ argv: ['/bin/sh', '-c', 'exit 3'], streams: 'merged', env }),
  }
  const ran = join(home.path, 'ran')
  const one = await createRuntime({ home: home.path, store, providers: [agent] })
  const { id } = await one.start({ provider: 'agent', command: `touch ${ran}` })
  expect(await one.get(id).exited()).toMatchObject({ code: 3 })
  await one.close({ missions: 'keep' })
  await using two = await createRuntime({ home: home.path, store })
  await two.get(id).restart()
  expect(await two.get(id).exited()).toMatchObject({
    class: 'failed-to-start',
    code: 126,
    evidence: { tail: 'the provider agent is not known to this supervisor\n' },
  })
  expect(existsSync(ran)).toBe(false)
})

test('a launcher that is killed costs no start, and starts nothing twice', async () => {
  await using overmind = await bench()
  const starts = Array.from({ length: 40 }, () =>
    overmind.runtime.start({ command: 'sleep 1000; :', backoffMs: 1 }),
  )
  const launcher = await eventually(() => launcherOf(process.pid))
  process.kill(launcher, 'SIGKILL')
  const missions: readonly Mission[] = await soon(Promise.all(starts), 'every start', 20_000)
  await eventually(() => missions.every((mission) => mission.view().state.phase === 'running.up'), {
    within: 20_000,
  })
  const keepers = keepersIn(overmind.home.processes())
  expect(keepers).toHaveLength(40)
  expect(
    new Set(
      keepers.map((pid) => environmentOf(pid).find((entry) => entry.startsWith('OVERMIND_MISSION_ID='))),
    ).size,
  ).toBe(40)
}, 60_000)

test('a command that the system refuses costs no other mission anything', async () => {
  await using overmind = await bench()
  const bad = settled(
    overmind.runtime.start({
      command: ['/bin/echo', ...Array.from({ length: 40 }, () => 'x'.repeat(100_000))],
      backoffMs: 1,
    }),
  )
  const harmed: unknown[] = []
  let done = false
  void bad.then(() => (done = true))
  for (const begun = performance.now(); !done && performance.now() - begun < 14_000;) {
    const missions = await Promise.all(
      Array.from({ length: 12 }, () => overmind.runtime.start({ command: 'true' })),
    )
    await Promise.all(missions.map((mission) => mission.exited()))
    harmed.push(...missions.map((mission) => mission.view().state).filter(({ restarts }) => restarts > 0))
  }
  expect(harmed).toEqual([])
  expect(await soon(bad, 'the refusal', 1000)).toBe('done')
})

function keepersIn(pids: readonly number[]): number[] {
  return pids.filter(
    (pid) =>
      pid ===
      keeperOf(
        environmentOf(pid)
          .find((entry) => entry.startsWith('OVERMIND_MISSION_ID='))
          ?.slice(20) ?? '',
      ),
  )
}
