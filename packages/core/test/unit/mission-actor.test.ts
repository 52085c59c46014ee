import { describe, expect, test } from 'vitest'
import {
  createMemoryStore,
  type MissionInput,
  type MissionRecord,
  OvermindError,
  type Provider,
  seq,
  type Store,
} from '../../src/index.ts'
import { createMission, type MissionActor } from '../../src/mission/mission.ts'
import { rawProvider } from '../../src/provider/raw.ts'
import { createGates } from '../../src/runtime/gates.ts'
import { type FakeHost, fakeHost, type Order } from '../fakes/fake-host.ts'
import { missionRecord, missionSpec } from '../fakes/records.ts'
import { ROOM_FOR_ALL } from '../fakes/room-for-all.ts'
import { type SteppingClock, steppingClock } from '../fakes/stepping-clock.ts'

const MILD = { stubborn: false, unkillable: false }
const STUBBORN = { stubborn: true, unkillable: false }

interface Stage {
  readonly actor: MissionActor
  readonly clock: SteppingClock
  readonly host: FakeHost
  readonly store: Store
  readonly orders: readonly Order['type'][]
  readonly faults: readonly unknown[]
  /** The phases that the slots were told of. */
  readonly noted: readonly string[]
  /** The next commits of these numbers, counted from now, fail. */
  failCommits(...numbers: readonly number[]): void
  /** Tells the mission all that the host knows. */
  hear(): void
}

function stage(
  input: Partial<MissionInput> = {},
  from?: MissionRecord,
  provider: Provider = rawProvider,
): Stage {
  const clock = steppingClock()
  const store = createMemoryStore()
  const orders: Order['type'][] = []
  const faults: unknown[] = []
  const noted: string[] = []
  let failing: readonly number[] = []
  let commits = 0
  const host = fakeHost(clock, (order) => orders.push(order.type))
  const record = from ?? missionRecord({ spec: missionSpec(input) })
  const actor = createMission(record, {
    clock,
    host,
    provider,
    gates: createGates({ clock, boot: host.boot }),
    slots: { ...ROOM_FOR_ALL, note: ({ state }) => noted.push(state.phase) },
    random: () => 0,
    fault: (error) => faults.push(error),
    textOf: () => '',
    hasSpent: () => {},
    releaseChildren: () => {},
    commit: (change) => {
      commits += 1
      if (failing.includes(commits)) throw new OvermindError('store_failed', 'the disk is full')
      store.commit(change)
    },
  })
  return {
    actor,
    clock,
    host,
    store,
    orders,
    faults,
    noted,
    failCommits: (...numbers) => {
      failing = numbers.map((number) => commits + number)
    },
    hear: () => {
      for (let event = host.takeNews(); event !== undefined; event = host.takeNews()) {
        if (event.type === 'started')
          actor.tell({ type: 'spawned', run: event.ref.run, process: event.process, at: event.at })
        else if (event.type === 'refused' || event.type === 'exited' || event.type === 'emptied')
          actor.tell({ ...event, run: event.ref.run })
      }
    },
  }
}

const phaseOf = ({ actor }: Stage): string => actor.record().state.phase

describe('a request that cannot be written', () => {
  test('fails and begins nothing', () => {
    const one = stage()
    one.failCommits(1)
    expect(() => one.actor.launch()).toThrow(expect.objectContaining({ code: 'store_failed' }))
    expect(phaseOf(one)).toBe('pending.queued')
    expect(one.orders).toEqual([])
    expect(one.store.missions()).toEqual([])
    one.actor.launch()
    expect(phaseOf(one)).toBe('running.starting')
  })

  test.each(['stop', 'kill', 'restart'] as const)(
    '%s: the run goes on as if it had not been made',
    (type) => {
      const one = stage()
      one.actor.launch()
      one.host.begin(MILD)
      one.hear()
      const before = one.actor.record()
      one.failCommits(1)
      expect(() => one.actor.request(type === 'stop' ? { type, timeoutMs: null } : { type })).toThrow(
        OvermindError,
      )
      expect(one.actor.record()).toBe(before)
      expect(one.orders).toEqual(['spawn'])
      expect(one.clock.armed).toBe(0)
    },
  )
})

describe('a fact that cannot be written', () => {
  test('is told as a fault, tried again each second, and not lost', () => {
    const one = stage({ restart: 'on-failure' })
    one.actor.launch()
    one.host.begin(MILD)
    one.hear()
    one.host.leaderEnds(1, 0)
    one.failCommits(1, 2, 3)
    one.hear()
    expect(phaseOf(one)).toBe('running.up')
    expect(one.faults).toHaveLength(1)
    one.clock.advance(1000)
    one.clock.advance(1000)
    expect(phaseOf(one)).toBe('running.up')
    expect(one.faults).toHaveLength(3)
    one.clock.advance(1000)
    expect(phaseOf(one)).toBe('restarting.backoff')
    expect(one.actor.record().state.restarts).toBe(1)
  })

  test('keeps its place before those that come after it', () => {
    const one = stage({ restart: 'on-failure' })
    one.actor.launch()
    one.failCommits(1, 2)
    one.host.begin(MILD)
    one.hear()
    one.host.leaderEnds(0, 1)
    one.host.othersEnd()
    one.hear()
    expect(phaseOf(one)).toBe('running.starting')
    one.clock.advance(2000)
    expect(phaseOf(one)).toBe('exited')
    expect(one.actor.record().state.exit).toMatchObject({ class: 'completed' })
    const types = one.store.events({ after: seq(0), limit: 99 }).map(({ type }) => type)
    expect(types.filter((type) => type !== 'run.ending')).toEqual([
      'mission.created',
      'run.starting',
      'run.started',
      'run.exited',
      'mission.exited',
    ])
  })

  test('comes before a request that is made meanwhile', () => {
    const one = stage()
    one.actor.launch()
    one.host.begin(MILD)
    one.hear()
    one.failCommits(1)
    one.host.leaderEnds(0, 0)
    one.hear()
    expect(phaseOf(one)).toBe('running.up')
    one.actor.request({ type: 'stop', timeoutMs: null })
    expect(one.actor.record().state).toMatchObject({ phase: 'exited', exit: { class: 'completed' } })
    expect(one.orders).toEqual(['spawn'])
  })

  test('that a request must wait for makes the request fail', () => {
    const one = stage()
    one.actor.launch()
    one.host.begin(MILD)
    one.hear()
    // The exit fails to be written twice; the request alone could be.
    one.failCommits(1, 2)
    one.host.leaderEnds(0, 0)
    one.hear()
    expect(() => one.actor.request({ type: 'stop', timeoutMs: null })).toThrow(OvermindError)
    expect(one.orders).toEqual(['spawn'])
    one.clock.advance(1000)
    expect(one.actor.record().state).toMatchObject({ phase: 'exited', exit: { class: 'completed' } })
  })

  test('may be a timer, and the ladder goes on', () => {
    const one = stage({ stopTimeoutMs: 500 })
    one.actor.launch()
    one.host.begin(STUBBORN)
    one.hear()
    one.actor.request({ type: 'stop', timeoutMs: null })
    one.failCommits(1, 2)
    one.clock.advance(500)
    expect(one.orders).toEqual(['spawn', 'signal'])
    one.clock.advance(2000)
    one.hear()
    expect(one.orders).toEqual(['spawn', 'signal', 'signal'])
    expect(one.actor.record().state.exit).toMatchObject({ class: 'stopped', code: 137 })
  })
})

describe('a mission at any commit that fails', () => {
  /** The life of a mission that crashes, is restarted, leaves something and is stopped. */
  function livesThrough(one: Stage): void {
    const ask = (request: () => void): void => {
      try {
        request()
      } catch (error) {
        expect(error).toMatchObject({ code: 'store_failed' })
        request()
      }
    }
    const later = (): void => {
      one.hear()
      one.clock.advance(1000)
    }
    ask(() => one.actor.launch())
    one.host.begin(MILD)
    later()
    one.host.leaderEnds(1, 2)
    later()
    later()
    later()
    one.host.begin(STUBBORN)
    later()
    ask(() => one.actor.request({ type: 'stop', timeoutMs: null }))
    for (let round = 0; round < 20; round += 1) later()
  }

  test('ends as it would have', () => {
    for (let commit = 1; commit <= 12; commit += 1) {
      const one = stage({ restart: 'on-failure', backoffMs: 100, stopTimeoutMs: 2000 })
      one.failCommits(commit)
      livesThrough(one)
      expect({ commit, ...one.actor.record().state }).toMatchObject({
        commit,
        phase: 'exited',
        run: 2,
        restarts: 1,
        exit: { class: 'stopped', code: 137 },
      })
      expect(one.store.missions()[0]).toEqual(one.actor.record())
      expect(one.orders.filter((type) => type === 'spawn')).toHaveLength(2)
      expect(one.clock.armed).toBe(0)
    }
  })
})

test('a run that cannot be launched is refused, and is tried again as its policy says', () => {
  const one = stage({ restart: 'on-failure', backoffMs: 100 })
  const { spawn } = one.host
  const short = new Error('spawn ENOMEM')
  one.host.spawn = () => {
    throw short
  }
  one.actor.launch()
  expect(one.faults).toEqual([short])
  expect(one.actor.record().state).toMatchObject({ phase: 'restarting.backoff', restarts: 1 })
  one.host.spawn = spawn
  one.clock.advance(1000)
  expect(one.orders).toEqual(['spawn'])
})

test('what follows from a fact may fail, and the fact is not told again', () => {
  const one = stage({ stopTimeoutMs: 500 })
  one.actor.launch()
  one.host.begin(MILD)
  one.hear()
  const broken = new Error('no more processes can be looked at')
  one.host.giveUp = () => {
    throw broken
  }
  one.host.signal = () => {
    throw broken
  }
  one.actor.request({ type: 'stop', timeoutMs: null })
  one.clock.advance(500)
  expect(phaseOf(one)).toBe('running.stopping')
  expect(one.actor.record().state.ending).toMatchObject({ rung: 'kill' })
  const types = one.store.events({ after: seq(0), limit: 99 }).map(({ type }) => type)
  expect(types.filter((type) => type === 'run.ending')).toHaveLength(2)
  expect(one.faults).toEqual([broken, broken])
})

test('a provider that cannot make sense of what is stored is a fault, and the mission is there', () => {
  const odd = (): never => {
    throw new Error('no such option any more')
  }
  const { actor, faults } = stage({}, undefined, { name: 'odd', invoke: odd, account: odd, talk: odd })
  expect(actor.status()).toBe('pending')
  expect(actor.talk).toBeNull()
  expect(actor.streams()).toBe('talk')
  actor.request({ type: 'kill' })
  expect(actor.record().state.exit).toMatchObject({ class: 'killed' })
  expect(faults.length).toBeGreaterThan(0)
})

describe('waiting', () => {
  test('settles when the state is reached, for everyone who waits', async () => {
    const one = stage()
    const exits = [one.actor.exited(), one.actor.exited()]
    one.actor.launch()
    one.host.begin(MILD)
    one.hear()
    one.host.leaderEnds(3, 0)
    one.hear()
    expect(await Promise.all(exits)).toEqual([one.actor.record().state.exit, one.actor.record().state.exit])
    expect(await one.actor.exited()).toMatchObject({ code: 3 })
  })

  test('ends with an error when the mission is closed first', async () => {
    const one = stage()
    one.actor.launch()
    const exit = one.actor.exited()
    const settled = exit.then(
      () => 'exited',
      () => 'refused',
    )
    one.actor.close()
    expect(
      await Promise.race([
        settled,
        Promise.resolve()
          .then(() => Promise.resolve())
          .then(() => new Promise((resolve) => setImmediate(resolve, 'pending'))),
      ]),
    ).toBe('refused')
  })
})

describe('a closed mission', () => {
  test('sets no timer and does nothing more', () => {
    const one = stage({ restart: 'always' })
    one.actor.launch()
    one.host.begin(MILD)
    one.hear()
    one.actor.close()
    const orders = one.orders.length
    try {
      one.actor.request({ type: 'restart' })
    } catch {
      // It may say that it is closed.
    }
    one.host.leaderEnds(1, 0)
    one.hear()
    expect(one.orders.length).toBe(orders)
    expect(one.clock.armed).toBe(0)
  })
})

describe('a mission that is taken up again', () => {
  test('sets the timers on record for what is left of them', () => {
    const first = stage({ timeoutMs: 5000 })
    first.actor.launch()
    first.host.begin(MILD)
    first.hear()
    const second = stage({}, first.actor.record())
    second.clock.advance(2000)
    second.actor.resume()
    expect(second.clock.next()).toBe(3000)
    second.clock.advance(3000)
    expect(phaseOf(second)).toBe('running.stopping')
    expect(second.actor.record().state.ending).toMatchObject({ reason: 'deadline' })
  })

  test('gives SIGKILL its time, however long ago it was to be sent', () => {
    const first = stage()
    first.actor.launch()
    first.host.begin(STUBBORN)
    first.hear()
    first.actor.request({ type: 'kill' })
    const second = stage({}, first.actor.record())
    second.clock.advance(60_000)
    second.actor.resume()
    second.clock.advance(9999)
    expect(second.orders).toEqual(['signal'])
    second.clock.advance(1)
    expect(second.orders).toEqual(['signal', 'give-up'])
  })

  test('repeats the signal of a ladder that was under way', () => {
    const first = stage({ stopTimeoutMs: 5000 })
    first.actor.launch()
    first.host.begin(STUBBORN)
    first.hear()
    first.actor.request({ type: 'stop', timeoutMs: null })
    const second = stage({}, first.actor.record())
    second.actor.resume()
    expect(second.orders).toEqual(['signal'])
    second.clock.advance(5000)
    expect(second.orders).toEqual(['signal', 'signal'])
  })
})

test('what follows from a request happens behind it: others are told of its states in their order', () => {
  const broken: Provider = {
    ...rawProvider,
    invoke() {
      throw new Error('no')
    },
  }
  const one = stage({}, undefined, broken)
  one.actor.launch()
  expect(one.noted.at(-1)).toBe(phaseOf(one))
  expect(phaseOf(one)).not.toBe('running.starting')
})
