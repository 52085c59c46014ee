import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  createMemoryStore,
  createRuntime,
  type MemberInput,
  type Mission,
  OvermindError,
  type Runtime,
  seq,
  type Store,
  type Team,
} from '../../src/index.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryHome } from '../support/home.ts'
import { bench, textSoFar } from '../support/missions.ts'
import { openSuccession } from '../support/succession.ts'
import { end, keeperOf, launcherOf, missionProcesses } from '../support/processes.ts'

const SLEEP = { command: ['/bin/sleep', '1000'] } as const

const sleepers = (...ids: readonly string[]): MemberInput[] => ids.map((id) => ({ id, mission: SLEEP }))

const runsOf = (team: Team): readonly number[] =>
  team.view().members.map(({ id }) => team.mission(id).view().state.run)

const phasesOf = (team: Team): readonly string[] =>
  team.view().members.map(({ id }) => team.mission(id).view().state.phase)

const statusOf = (team: Team): readonly string[] =>
  team.view().members.map(({ id }) => team.mission(id).view().status)

/** Ends the command of a member from outside. A run is up when its keeper is: its command may begin a moment later. */
async function crash({ id }: Mission): Promise<void> {
  const command = await eventually(() => {
    const keeper = keeperOf(id)
    const others = missionProcesses(id).filter((pid) => pid !== keeper)
    return keeper === undefined || others.length === 0 ? undefined : others
  })
  for (const pid of command) end(pid)
}

/** The members' runs, once they are as many as `runs` and all are up. */
async function settledRuns(team: Team, runs: readonly number[]): Promise<readonly number[]> {
  await eventually(
    () =>
      runsOf(team).every((run, index) => run >= (runs[index] ?? 0)) &&
      phasesOf(team).every((phase) => phase === 'running.up'),
    { what: `runs ${runs.join()}` },
  )
  return runsOf(team)
}

async function startOrder(runtime: Runtime): Promise<readonly string[]> {
  const names: string[] = []
  for await (const event of runtime.events({ since: seq(0), follow: false })) {
    if (event.type === 'run.started') names.push(`${runtime.get(event.mission).name} ${event.run}`)
    if (event.type === 'mission.exited') names.push(`${runtime.get(event.mission).name} ended`)
  }
  return names
}

describe('a member that fails', () => {
  test('takes one with it that does not come back, and that a person was ending', async () => {
    await using overmind = await bench()
    const slow = { command: "trap 'sleep 0.5; exit 0' TERM; echo up; while :; do sleep 0.05; done" }
    const team = await overmind.runtime.supervisor({
      strategy: 'one_for_all',
      members: [...sleepers('a'), { id: 'b', mission: slow, restart: 'temporary' }],
    })
    const b = team.mission('b')
    await eventually(async () => (await textSoFar(b)).includes('up'))
    const ended = b.stop()
    await crash(team.mission('a'))
    expect((await ended).class).toBe('stopped')
    await eventually(() => runsOf(team)[0] === 2 && phasesOf(team)[0] === 'running.up')
    expect(phasesOf(team)).toEqual(['running.up', 'exited'])
    expect(overmind.faults).toEqual([])
  })

  test.each([
    ['one_for_one', [1, 2, 1]],
    ['rest_for_one', [1, 2, 2]],
    ['one_for_all', [2, 2, 2]],
  ] as const)('%s: starts again with those that the strategy names', async (strategy, runs) => {
    await using overmind = await bench()
    const team = await overmind.runtime.supervisor({ strategy, members: sleepers('a', 'b', 'c') })
    const ids = team.view().members.map(({ mission }) => mission)
    await crash(team.mission('b'))
    expect(await settledRuns(team, runs)).toEqual(runs)
    expect(team.view().members.map(({ mission }) => mission)).toEqual(ids)
    await team.stop()
    expect(statusOf(team)).toEqual(['stopped', 'stopped', 'stopped'])
    expect(await team.over()).toBe('stopped')
  })

  test('rest_for_one ends the later ones in reverse and starts them in order', async () => {
    await using overmind = await bench()
    const { runtime } = overmind
    const team = await runtime.supervisor({
      name: 't',
      strategy: 'rest_for_one',
      members: sleepers('a', 'b', 'c'),
    })
    await crash(team.mission('a'))
    expect(await settledRuns(team, [2, 2, 2])).toEqual([2, 2, 2])
    expect((await startOrder(runtime)).slice(3)).toEqual([
      't.a ended',
      't.c ended',
      't.b ended',
      't.a 2',
      't.b 2',
      't.c 2',
    ])
    expect(team.mission('c').view().state.restarts).toBe(1)
  })

  test('too often ends the team', async () => {
    await using overmind = await bench()
    const { runtime } = overmind
    const team = await runtime.supervisor({
      name: 'fragile',
      strategy: 'one_for_one',
      maxRestarts: 2,
      members: [...sleepers('steady'), { id: 'broken', mission: { command: 'exit 3' } }],
    })
    expect(await team.over()).toBe('gave-up')
    expect(team.mission('broken').view().state.run).toBe(3)
    expect(await team.mission('steady').exited()).toMatchObject({
      class: 'stopped',
      evidence: { reason: expect.stringContaining('with its team') },
    })
    const events = await Array.fromAsync(runtime.events({ since: seq(0), follow: false }))
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'team.ended', team: 'fragile', outcome: 'gave-up' }),
    )
  })

  test('has its own restarts first, and they do not count for the team', async () => {
    await using overmind = await bench()
    const team = await overmind.runtime.supervisor({
      strategy: 'one_for_all',
      maxRestarts: 0,
      members: [
        ...sleepers('other'),
        {
          id: 'tries',
          mission: {
            command: '[ $OVERMIND_RUN -ge 3 ] && exec sleep 1000; exit 1',
            restart: 'on-failure',
            backoffMs: 0,
          },
        },
      ],
    })
    expect(await settledRuns(team, [1, 3])).toEqual([1, 3])
    expect(team.view().outcome).toBeUndefined()
  })
})

describe('a member that ends', () => {
  test('well, stays ended; when all have, the team is finished', async () => {
    await using overmind = await bench()
    const team = await overmind.runtime.supervisor({
      strategy: 'one_for_all',
      members: [
        { id: 'first', mission: { command: 'true' } },
        { id: 'second', mission: { command: 'sleep 0.1' }, restart: 'temporary' },
      ],
    })
    expect(await team.over()).toBe('finished')
    expect(runsOf(team)).toEqual([1, 1])
  })

  test('and is permanent, starts again', async () => {
    await using overmind = await bench()
    const team = await overmind.runtime.supervisor({
      strategy: 'one_for_one',
      maxRestarts: 100,
      members: [
        {
          id: 'again',
          mission: { command: '[ $OVERMIND_RUN -ge 3 ] && exec sleep 1000; true' },
          restart: 'permanent',
        },
      ],
    })
    expect(await settledRuns(team, [3])).toEqual([3])
  })

  test('because a person stopped it stays ended, until the team starts it with others', async () => {
    await using overmind = await bench()
    const team = await overmind.runtime.supervisor({
      strategy: 'rest_for_one',
      members: [...sleepers('a'), { id: 'b', mission: SLEEP, restart: 'permanent' }],
    })
    await team.mission('b').stop()
    await crash(team.mission('a'))
    expect(await settledRuns(team, [2, 2])).toEqual([2, 2])
  })
})

describe('a team that cannot be started', () => {
  test.each([
    [{ strategy: 'sideways', members: sleepers('a') }, 'strategy'],
    [{ strategy: 'one_for_one', members: [] }, 'members'],
    [{ strategy: 'one_for_one', members: sleepers('a', 'a') }, 'members'],
    [{ strategy: 'one_for_one', members: sleepers('a'), size: 1 }, 'size'],
    [{ strategy: 'one_for_one', members: sleepers('a b') }, 'members.0.id'],
    [{ strategy: 'one_for_one', members: sleepers('a'), maxRestarts: -1 }, 'maxRestarts'],
    [{ strategy: 'one_for_one', members: [{ id: 'a', mission: { command: 'true', cwd: 'here' } }] }, 'cwd'],
  ])('%j: an error that names the field, and nothing has started', async (input, field) => {
    await using overmind = await bench()
    await expect(overmind.runtime.supervisor(input as never)).rejects.toMatchObject({ field })
    expect(overmind.runtime.list()).toEqual([])
    expect(overmind.runtime.teams()).toEqual([])
  })

  test('because of what its last member is to run: nothing has started', async () => {
    await using overmind = await bench()
    const { runtime } = overmind
    await expect(
      runtime.supervisor({
        strategy: 'one_for_one',
        members: [...sleepers('a', 'b'), { id: 'c', mission: { command: ['/no/such/program'] } }],
      }),
    ).rejects.toMatchObject({ code: 'command_not_found' })
    const events = await Array.fromAsync(runtime.events({ since: seq(0), follow: false }))
    expect(events.map(({ type }) => type)).toEqual(['runtime.started'])
  })

  test('because one in its middle does not start leaves nothing of the others', async () => {
    const store = createMemoryStore()
    let begun = 0
    const full: Store = {
      ...store,
      commit(change) {
        begun += change.events.filter(({ type }) => type === 'run.starting').length
        if (begun === 2 && change.events.some(({ type }) => type === 'run.starting'))
          throw new OvermindError('store_failed', 'the disk is full')
        return store.commit(change)
      },
    }
    await using overmind = await bench({ store: full })
    const { runtime } = overmind
    await expect(
      runtime.supervisor({ name: 'crew', strategy: 'one_for_one', members: sleepers('a', 'b', 'c') }),
    ).rejects.toMatchObject({ code: 'child_start_failed' })
    expect(runtime.list()).toEqual([])
    expect(runtime.teams()).toEqual([])
  })

  test('has a name all the same while it is tried: another cannot have it', async () => {
    await using overmind = await bench()
    const { runtime } = overmind
    const team = { name: 'crew', strategy: 'one_for_one', members: sleepers('a') } as const
    const [first, second] = await Promise.allSettled([runtime.supervisor(team), runtime.supervisor(team)])
    expect([first.status, second]).toMatchObject(['fulfilled', { reason: { code: 'name_taken' } }])
    expect(runtime.list()).toHaveLength(1)
  })

  test('because of its name says whose it is', async () => {
    await using overmind = await bench()
    const { runtime } = overmind
    const first = await runtime.supervisor({ name: 'crew', strategy: 'one_for_one', members: sleepers('a') })
    const again = { name: 'crew', strategy: 'one_for_one', members: sleepers('a') } as const
    await expect(runtime.supervisor(again)).rejects.toMatchObject({ code: 'name_taken' })
    await first.stop()
    await (await runtime.supervisor(again)).stop()
  })
})

describe('a team outlives its supervisor', () => {
  test('its members go on, and are restarted together by the next one', async () => {
    await using home = await temporaryHome()
    const store = createMemoryStore()
    const first = await createRuntime({ home: home.path, store })
    const team = await first.supervisor({
      name: 'crew',
      strategy: 'rest_for_one',
      members: sleepers('a', 'b', 'c'),
    })
    const before = team.view().members
    await first.close({ missions: 'keep' })
    await using second = await createRuntime({ home: home.path, store })
    const [again] = second.teams()
    expect(again?.view()).toMatchObject({ name: 'crew', strategy: 'rest_for_one', members: before })
    expect(runsOf(again!)).toEqual([1, 1, 1])
    await crash(again!.mission('b'))
    expect(await settledRuns(again!, [1, 2, 2])).toEqual([1, 2, 2])
  })

  test('a member that failed meanwhile is restarted with those behind it', async () => {
    await using home = await temporaryHome()
    const store = createMemoryStore()
    const first = await createRuntime({ home: home.path, store })
    const team = await first.supervisor({
      name: 'crew',
      strategy: 'rest_for_one',
      members: sleepers('a', 'b', 'c'),
    })
    const crashing = team.mission('b')
    await first.close({ missions: 'keep' })
    await crash(crashing)
    await using second = await createRuntime({ home: home.path, store })
    const [again] = second.teams()
    expect(await settledRuns(again!, [1, 2, 2])).toEqual([1, 2, 2])
  })

  test.each([
    ['a', 'mission.created'],
    ['a', 'run.starting'],
    ['a', 'run.started'],
    ['b', 'run.starting'],
    ['b', 'run.started'],
    ['c', 'run.starting'],
  ] as const)('also one that is left in the middle of its start, at %s %s', async (member, type) => {
    await using succession = await openSuccession()
    const first = succession.runtime()
    const events = first.events({ since: seq(0) })
    first
      .supervisor({ name: 'crew', strategy: 'rest_for_one', members: sleepers('a', 'b', 'c') })
      .catch(() => undefined)
    for await (const event of events) {
      if (event.type === type && first.get(event.mission).name === `crew.${member}`) break
    }
    await succession.takeOver()
    const next = succession.runtime()
    const [team] = next.teams()
    expect(await settledRuns(team!, [1, 1, 1])).toEqual([1, 1, 1])
    expect(next.list().map(({ name }) => name)).toEqual(['crew.a', 'crew.b', 'crew.c'])
    const started = (await startOrder(next)).filter((line) => !line.endsWith('ended'))
    expect(started).toEqual(['crew.a 1', 'crew.b 1', 'crew.c 1'])
    await crash(team!.mission('b'))
    expect(await settledRuns(team!, [1, 2, 2])).toEqual([1, 2, 2])
    expect(succession.faults).toEqual([])
  })

  /** A team of which two failures may be forgiven, and one has been, as its next supervisor finds it. */
  async function failedOnce(
    strategy: 'one_for_one' | 'rest_for_one',
    meanwhile: (team: Team) => Promise<void>,
  ): Promise<AsyncDisposable & { readonly runtime: Runtime }> {
    const home = await temporaryHome()
    const store = createMemoryStore()
    const first = await createRuntime({ home: home.path, store })
    const members = sleepers('a', 'b', 'c')
    const team = await first.supervisor({ name: 'crew', strategy, maxRestarts: 2, members })
    await crash(team.mission('b'))
    await settledRuns(team, [1, 2, 1])
    await first.close({ missions: 'keep' })
    await meanwhile(team)
    const runtime = await createRuntime({ home: home.path, store })
    return {
      runtime,
      async [Symbol.asyncDispose]() {
        await runtime.close()
        await home[Symbol.asyncDispose]()
      },
    }
  }

  const endOf = async (runtime: Runtime): Promise<unknown> => {
    const events = await Array.fromAsync(runtime.events({ since: seq(0), follow: false }))
    return events.find(({ type }) => type === 'team.ended')
  }

  test('its failures still count', async () => {
    await using next = await failedOnce('one_for_one', async () => {})
    const [team] = next.runtime.teams()
    await crash(team!.mission('b'))
    expect(await settledRuns(team!, [1, 3, 1])).toEqual([1, 3, 1])
    await crash(team!.mission('b'))
    expect(await team!.over()).toBe('gave-up')
  })

  test('a failure that nobody saw counts as well, once', async () => {
    await using next = await failedOnce('one_for_one', (team) => crash(team.mission('b')))
    const team = await eventually(() => next.runtime.teams()[0])
    expect(await settledRuns(team, [1, 3, 1])).toEqual([1, 3, 1])
    await crash(team.mission('c'))
    expect(await team.over()).toBe('gave-up')
    expect(team.mission('b').view().state.run).toBe(3)
  })

  test('of those that one failure restarts together only one counts', async () => {
    await using next = await failedOnce('rest_for_one', async (team) => {
      await crash(team.mission('b'))
      await crash(team.mission('c'))
    })
    const team = await eventually(() => next.runtime.teams()[0])
    expect(await settledRuns(team, [1, 3, 3])).toEqual([1, 3, 3])
    await team.stop()
  })

  test('failures that nobody saw may be too many', async () => {
    await using next = await failedOnce('one_for_one', async (team) => {
      await crash(team.mission('b'))
      await crash(team.mission('c'))
    })
    expect(await eventually(() => endOf(next.runtime))).toMatchObject({ team: 'crew', outcome: 'gave-up' })
    expect(next.runtime.teams()).toEqual([])
    expect(await next.runtime.get('crew.a').exited()).toMatchObject({ class: 'stopped' })
  })
})

describe('a team whose name another one had before', () => {
  const crew = { name: 'crew', strategy: 'one_for_one', members: sleepers('a', 'b') } as const

  test.each([
    ['was stopped', async (runtime: Runtime) => (await runtime.supervisor(crew)).stop()],
    [
      'finished',
      async (runtime: Runtime) => {
        const members = crew.members.map(({ id }) => ({ id, mission: { command: 'exit 0' } }))
        await (await runtime.supervisor({ ...crew, members })).over()
      },
    ],
  ] as const)('that %s is supervised by the next supervisor as it was', async (_, past) => {
    await using succession = await openSuccession()
    await past(succession.runtime())
    const before = (await succession.runtime().supervisor(crew)).view().members
    await succession.takeOver()
    const [team] = succession.runtime().teams()
    expect(team?.view().members).toEqual(before)
    await crash(team!.mission('a'))
    expect(await settledRuns(team!, [2, 1])).toEqual([2, 1])
    expect(succession.faults).toEqual([])
  })
})

describe('a team that is over', () => {
  const fragile = {
    name: 'fragile',
    strategy: 'one_for_one',
    maxRestarts: 0,
    maxSeconds: 0.001,
    members: [{ id: 'broken', mission: { command: 'exit 3' } }],
  } as const

  test('because it gave up stays over, whoever supervises', async () => {
    await using succession = await openSuccession()
    const team = await succession.runtime().supervisor(fragile)
    expect(await team.over()).toBe('gave-up')
    await succession.takeOver()
    await succession.takeOver()
    const runtime = succession.runtime()
    expect(runtime.teams()).toEqual([])
    expect(runtime.get('fragile.broken').view().state.run).toBe(1)
    const events = await Array.fromAsync(runtime.events({ since: seq(0), follow: false }))
    expect(events.filter(({ type }) => type === 'team.ended')).toHaveLength(1)
  })

  test('leaves alone a member that a person starts again', async () => {
    await using succession = await openSuccession()
    const team = await succession
      .runtime()
      .supervisor({ name: 'crew', strategy: 'one_for_one', members: sleepers('a', 'b') })
    await team.stop()
    await succession.runtime().get('crew.a').restart()
    await succession.takeOver()
    const a = succession.runtime().get('crew.a')
    await succession.takeOver()
    expect(a.id).toBe(succession.runtime().get('crew.a').id)
    expect(succession.runtime().get('crew.a').view().state).toMatchObject({
      phase: 'running.up',
      ending: null,
    })
  })
})

test('a member that a person stops while its team is still being started is let go', async () => {
  const memory = createMemoryStore()
  let launcher: number | undefined
  const store: Store = {
    ...memory,
    commit(change) {
      // The first runs; the second is about to be started, and is not before we want it.
      if (launcher === undefined && change.events.some(({ type }) => type === 'run.started')) {
        launcher = launcherOf(process.pid)
        if (launcher !== undefined) process.kill(launcher, 'SIGSTOP')
      }
      return memory.commit(change)
    },
  }
  await using overmind = await bench({ store })
  const { runtime } = overmind
  const members = [...sleepers('a'), { id: 'b', mission: { command: 'exit 0' } }]
  const starting = runtime.supervisor({ name: 'crew', strategy: 'one_for_one', members })
  try {
    const b = await eventually(() => runtime.list().find(({ name }) => name === 'crew.b'))
    await eventually(() => b.view().state.phase === 'running.starting')
    await runtime.get('crew.a').stop()
  } finally {
    process.kill(launcher ?? Number.NaN, 'SIGCONT')
  }
  expect(await (await starting).over()).toBe('finished')
})

test('a member that was forgotten after its supervisor had died stays away, and the others go on', async () => {
  await using succession = await openSuccession()
  const { home, runtime, takeOver, faults } = succession
  const go = join(home.path, 'go')
  const command = `trap 'until [ -e ${go} ]; do sleep 0.02; done; exit 0' TERM; echo up; while :; do sleep 0.02; done`
  const before = await runtime().supervisor({
    name: 'crew',
    strategy: 'one_for_all',
    members: [{ id: 'a', mission: { command, stopTimeoutMs: 60_000 } }, ...sleepers('b')],
  })
  await eventually(async () => (await textSoFar(before.mission('a'))).includes('up'))
  await takeOver()
  const team = runtime()
    .teams()
    .find(({ name }) => name === 'crew')
  if (team === undefined) throw new Error('the team is gone')
  const [a, b] = [team.mission('a'), team.mission('b')]
  await crash(b)
  // The team ends the other one first, to start them again together.
  await eventually(() => a.view().state.phase === 'running.stopping')
  await runtime().remove(b.id)
  await writeFile(go, '')
  await eventually(() => a.view().state.run === 2 && a.view().state.phase === 'running.up')
  await crash(a)
  await eventually(() => a.view().state.run === 3 && a.view().state.phase === 'running.up')
  expect(team.view().outcome).toBeUndefined()
  await team.stop()
  expect(faults).toEqual([])
})
