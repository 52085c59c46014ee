import { newConversation } from '../../src/mission/conversation.ts'
import { describe, expect, test } from 'vitest'
import type {
  Conversation,
  EndReason,
  MessageId,
  MissionInput,
  MissionState,
  Phase,
  ProcessExit,
  Receipt,
  TimerName,
} from '../../src/index.ts'
import { decide, initialState } from '../../src/mission/machine.ts'
import { type Circumstances, type Decision, higher, type Signal } from '../../src/mission/signal.ts'
import { circumstances } from '../fakes/circumstances.ts'
import { OPEN_GATE, SPACING_MS } from '../../src/mission/policy/gate.ts'
import { missionSpec } from '../fakes/records.ts'

const MESSAGE = '00000000-0000-4000-8000-00000000000a' as MessageId
const PROCESS = { pid: 42, start: '7', boot: 'boot' }
const EMPTY: Receipt = { signals: [], strays: 0, left: [] }
const code = (value: number, ran = 10): ProcessExit => ({ kind: 'code', code: value, at: 0, ran })

/** A mission under decision: what was decided in all, and what the newest step did. */
interface Course {
  readonly state: MissionState
  readonly phases: readonly Phase[]
  readonly types: readonly string[]
  readonly last: Decision
  and(signal: Signal, at?: number, given?: Partial<Circumstances>): Course
}

function course(input: Partial<MissionInput> = {}, from: MissionState = initialState): Course {
  const spec = missionSpec(input)
  const make = (
    state: MissionState,
    phases: readonly Phase[],
    types: readonly string[],
    last: Decision,
  ): Course => ({
    state,
    phases,
    types,
    last,
    and: (signal, at = 0, given = {}) => {
      const now = { wall: 1000 + at, monotonic: at }
      const decision = decide(state, spec, signal, circumstances({ now, ...given }))
      const { phase } = decision.state
      return make(
        decision.state,
        [...phases, phase],
        [...types, ...decision.events.map(({ type }) => type)],
        decision,
      )
    },
  })
  return make(from, [from.phase], [], { state: from, events: [], effects: [] })
}

const launch: Signal = { type: 'launch' }
const turn: Signal = { type: 'turn' }
const kill: Signal = { type: 'kill' }
const restart: Signal = { type: 'restart' }
const stop: Signal = { type: 'stop', timeoutMs: null }
const spawned = (run = 1): Signal => ({
  type: 'spawned',
  run,
  process: PROCESS,
  at: { wall: 1000, monotonic: 0 },
})
const refused = (retry: boolean, run = 1): Signal => ({ type: 'refused', run, reason: 'no memory', retry })
const exited = (value: number, left = 0, run = 1, ran = 10): Signal => ({
  type: 'exited',
  run,
  exit: code(value, ran),
  left,
  receipt: EMPTY,
})
const emptied = (left: readonly number[] = [], run = 1): Signal => ({
  type: 'emptied',
  run,
  receipt: { signals: [{ signal: 'SIGTERM', processes: 1, at: 0 }], strays: 0, left },
})
const timer = (name: TimerName, quietMs = 0): Signal => ({
  type: 'timer',
  name,
  quietMs,
})

/** The account may not be used for a minute. */
const CLOSED: Partial<Circumstances> = {
  gate: {
    ...OPEN_GATE,
    limit: { until: { wall: 61_000, monotonic: 60_000, boot: 'boot' }, strikes: 0 },
  },
}
const FULL: Partial<Circumstances> = { full: ['provider raw'] }
const JUDGED: Partial<Circumstances> = {
  account: 'acme',
  judgement: { kind: 'rate-limited', reason: 'out of tokens', until: 31_000, account: 'acme' },
}

const up = (input: Partial<MissionInput> = {}): Course => course(input).and(launch).and(spawned())

describe('the course of a mission', () => {
  test('from launch to a clean end', () => {
    const end = up().and(exited(0))
    expect(end.phases).toEqual(['pending.queued', 'running.starting', 'running.up', 'exited'])
    expect(end.types).toEqual(['run.starting', 'run.started', 'run.exited', 'mission.exited'])
    expect(end.state).toMatchObject({ run: 1, exit: { class: 'completed', code: 0 }, timers: {} })
  })

  test('through a crash, a backoff and a second run', () => {
    const end = up({ restart: 'on-failure' })
      .and(exited(1))
      .and(timer('backoff'))
      .and(spawned(2))
      .and(exited(0, 0, 2))
    expect(end.phases.slice(3)).toEqual(['restarting.backoff', 'running.starting', 'running.up', 'exited'])
    expect(end.types.slice(2)).toEqual([
      'run.exited',
      'mission.restarting',
      'run.starting',
      'run.started',
      'run.exited',
      'mission.exited',
    ])
    expect(end.state).toMatchObject({ run: 2, restarts: 1 })
  })

  test('through the whole ladder, to the end that nothing could end', () => {
    const asked = up({ stopTimeoutMs: 700 }).and(stop, 50)
    expect(asked.last.effects).toEqual([{ type: 'signal', signal: 'SIGTERM' }])
    expect(asked.state).toMatchObject({
      phase: 'running.stopping',
      ending: { reason: 'stop', rung: 'ask' },
      timers: { rung: { monotonic: 750, wall: 1750 } },
    })
    const killing = asked.and(timer('rung'), 750)
    expect(killing.last.effects).toEqual([{ type: 'signal', signal: 'SIGKILL' }])
    const given = killing.and(timer('rung'), 20_000)
    expect(given.last.effects).toEqual([{ type: 'give-up' }])
    const end = given.and(emptied([42, 43]))
    expect(end.state).toMatchObject({
      phase: 'exited',
      exit: { class: 'stopped', code: null, receipt: { left: [42, 43] } },
    })
  })

  test('through a stall that is ended by force', () => {
    const silent = up({ activityTimeoutMs: 500, restart: 'on-failure' }).and(timer('activity', 600), 600)
    const killing = silent.and(timer('rung'), 20_000)
    expect(killing.phases.slice(-2)).toEqual(['stalled.terminating', 'stalled.killing'])
    expect(silent.types).toContain('run.stalled')
    expect(killing.and(exited(137)).state).toMatchObject({ phase: 'restarting.backoff' })
    expect(
      up({ activityTimeoutMs: 500 }).and(timer('activity', 600)).and(exited(143)).state.exit,
    ).toMatchObject({ class: 'stalled' })
  })

  test('that is active when its silence is looked at goes on, and is looked at again when it would be due', () => {
    const active = up({ activityTimeoutMs: 500 }).and(timer('activity', 120), 500)
    expect(active.state).toMatchObject({ phase: 'running.up', timers: { activity: { monotonic: 880 } } })
    expect(active.last.effects).toEqual([])
  })

  test('through reaping what a crashed leader left, before it runs again', () => {
    const reaping = up({ restart: 'on-failure' }).and(exited(1, 2))
    expect(reaping.state).toMatchObject({
      phase: 'restarting.reaping',
      ended: { code: 1 },
      ending: { reason: 'leftovers' },
    })
    expect(reaping.last.effects).toEqual([{ type: 'signal', signal: 'SIGTERM' }])
    expect(reaping.and(emptied()).state).toMatchObject({ phase: 'restarting.backoff', ending: null })
    expect(reaping.and(timer('rung')).last.effects).toEqual([{ type: 'signal', signal: 'SIGKILL' }])
    expect(reaping.and(timer('rung')).and(timer('rung')).last.effects).toEqual([{ type: 'give-up' }])
  })

  test('whose leader is done ends what it left, and keeps its class', () => {
    const stopping = up().and(exited(0, 1))
    expect(stopping.state.phase).toBe('running.stopping')
    expect(stopping.and(emptied()).state.exit).toMatchObject({ class: 'completed', code: 0 })
  })

  test('over its time is ended and counts as a failure', () => {
    const over = up({ timeoutMs: 100 }).and(timer('deadline'))
    expect(over.state).toMatchObject({ phase: 'running.stopping', ending: { reason: 'deadline' } })
    expect(over.and(exited(0)).state.exit).toMatchObject({ class: 'deadline', outcome: 'crashed' })
  })

  test('whose start is refused is tried again only when that may help, and within the budget', () => {
    expect(course().and(launch).and(refused(false)).state).toMatchObject({
      phase: 'exited',
      exit: { class: 'failed-to-start', code: null },
    })
    let again = course({ maxRestarts: 2 }).and(launch).and(refused(true))
    expect(again.state).toMatchObject({ phase: 'restarting.backoff', budget: { charged: [0] } })
    expect(again.types).toEqual(['run.starting', 'run.refused', 'mission.restarting'])
    again = again.and(timer('backoff')).and(refused(true, 2)).and(timer('backoff')).and(refused(true, 3))
    expect(again.state).toMatchObject({ phase: 'exited', run: 3, exit: { class: 'failed-to-start' } })
  })

  test('that crashes at once ends when its budget is used up', () => {
    let mission = course({ restart: 'always', maxRestarts: 3 }).and(launch)
    for (let run = 1; run <= 4; run += 1)
      mission = mission
        .and(spawned(run))
        .and(exited(1, 0, run))
        .and(timer('backoff'))
    expect(mission.state).toMatchObject({ phase: 'exited', run: 4, restarts: 3 })
    expect(mission.state.exit?.evidence.reason).toMatch(/used up/)
  })
})

describe('stop', () => {
  test('before anything ran ends it at once', () => {
    const end = course().and(stop)
    expect(end.state).toMatchObject({
      phase: 'exited',
      run: 0,
      exit: { class: 'stopped', outcome: 'stopped', code: null },
    })
    expect(course().and(kill).state.exit).toMatchObject({ class: 'killed' })
  })

  test('in backoff ends it at once', () => {
    const waiting = up({ restart: 'always' }).and(exited(1))
    expect(waiting.and(stop).state).toMatchObject({
      phase: 'exited',
      timers: {},
      exit: { class: 'stopped' },
    })
    expect(waiting.and(kill).state).toMatchObject({ phase: 'exited', exit: { class: 'killed' } })
  })

  test('while it starts waits for the start, then begins the ladder', () => {
    const asked = course().and(launch).and(stop)
    expect(asked.last.effects).toEqual([])
    expect(asked.state.phase).toBe('running.starting')
    const ladder = asked.and(spawned())
    expect(ladder.state.phase).toBe('running.stopping')
    expect(ladder.last.effects).toEqual([{ type: 'signal', signal: 'SIGTERM' }])
    expect(asked.and(refused(true)).state.exit).toMatchObject({ class: 'stopped' })
    expect(course().and(launch).and(kill).and(spawned()).last.effects).toEqual([
      { type: 'signal', signal: 'SIGKILL' },
    ])
    expect(course().and(launch).and(stop).and(kill).and(refused(false)).state.exit).toMatchObject({
      class: 'killed',
    })
  })

  test('asked for again goes to the next rung', () => {
    const again = up().and(stop).and(stop)
    expect(again.last.effects).toEqual([{ type: 'signal', signal: 'SIGKILL' }])
    expect(again.state.ending).toMatchObject({ reason: 'stop', rung: 'kill' })
  })

  test('asked for again while it starts begins the ladder at the next rung', () => {
    const again = course().and(launch).and(stop).and(stop).and(spawned())
    expect(again.last.effects).toEqual([{ type: 'signal', signal: 'SIGKILL' }])
  })

  test('asked for again and again does not put off the time at which it is given up', () => {
    const killing = up().and(stop).and(stop, 1000)
    const due = killing.state.timers.rung
    expect(killing.and(stop, 5000).and(stop, 9000).and(kill, 9999).state.timers.rung).toEqual(due)
  })

  test('takes its own time to SIGKILL when one is given', () => {
    expect(up({ stopTimeoutMs: 700 }).and({ type: 'stop', timeoutMs: 30 }).state.timers.rung).toMatchObject({
      monotonic: 30,
    })
  })

  test.each([
    ['a success', exited(0)],
    ['a failure', exited(9)],
    ['leftovers, ended later', exited(9, 3)],
  ])('is what ended a mission that ends with %s', (_, end) => {
    const stopped = up({ restart: 'always', maxRestarts: 0 }).and(stop).and(end).and(emptied())
    expect(stopped.state).toMatchObject({ phase: 'exited', exit: { class: 'stopped' } })
  })

  test('of what a crashed leader left ends the mission', () => {
    const reaping = up({ restart: 'always' }).and(exited(1, 1))
    const stopping = reaping.and(stop)
    expect(stopping.state).toMatchObject({ phase: 'running.stopping', ending: { reason: 'stop' } })
    expect(stopping.and(emptied()).state).toMatchObject({
      phase: 'exited',
      exit: { class: 'stopped', code: 1 },
    })
  })

  test('of an exited mission changes nothing', () => {
    const end = up().and(exited(0))
    for (const signal of [stop, kill]) expect(end.and(signal).state).toBe(end.state)
  })
})

test('an end that is on record is what happened, though no trace of it is found later', () => {
  const lost: ProcessExit = { kind: 'lost', cause: 'vanished', at: 0, ran: 10 }
  const found = up({ restart: 'on-failure' })
    .and(exited(0, 1))
    .and({ type: 'exited', run: 1, exit: lost, left: 0, receipt: EMPTY })
  expect(found.state).toMatchObject({ phase: 'exited', exit: { class: 'completed', code: 0 } })
})

describe('a restart on request', () => {
  test('ends the run and begins another, whatever the policy, and charges nothing', () => {
    const asked = up({ restart: 'never' }).and(restart)
    expect(asked.last.effects).toEqual([{ type: 'signal', signal: 'SIGTERM' }])
    const again = asked.and(exited(143)).and(timer('backoff'))
    expect(again.state).toMatchObject({
      phase: 'running.starting',
      run: 2,
      restarts: 1,
      budget: { charged: [] },
    })
  })

  test('in backoff does not wait', () => {
    const again = up({ restart: 'always' }).and(exited(1)).and(restart)
    expect(again.state).toMatchObject({ phase: 'running.starting', run: 2 })
    expect(again.last.effects).toEqual([{ type: 'spawn' }])
  })

  test('of an exited mission begins anew with a full budget', () => {
    const end = up({ restart: 'always', maxRestarts: 1 })
      .and(exited(1))
      .and(timer('backoff'))
      .and(spawned(2))
      .and(exited(1, 0, 2))
    expect(end.state.phase).toBe('exited')
    const again = end.and(restart)
    expect(again.state).toMatchObject({
      phase: 'running.starting',
      run: 3,
      exit: null,
      ending: null,
      budget: { clock: 0, charged: [] },
    })
    expect(again.types.slice(-2)).toEqual(['mission.restarting', 'run.starting'])
  })

  test('of a stopped mission is not stopped by what is past', () => {
    const again = up().and(stop).and(exited(143)).and(restart).and(spawned(2))
    expect(again.state).toMatchObject({ phase: 'running.up', ending: null })
  })

  test('does not undo a stop', () => {
    const stopped = up().and(stop).and(restart).and(exited(143))
    expect(stopped.state).toMatchObject({ phase: 'exited', exit: { class: 'stopped' } })
  })

  test('of what is being reaped begins another run', () => {
    const again = up({ restart: 'never' }).and(exited(0, 1)).and(restart).and(emptied())
    expect(again.state).toMatchObject({ phase: 'restarting.backoff', budget: { charged: [] } })
  })
})

describe('precedence', () => {
  const ORDER: readonly EndReason[] = [
    'leftovers',
    'finished',
    'trouble',
    'restart',
    'unanswered',
    'budget',
    'unhealthy',
    'stall',
    'deadline',
    'team-restart',
    'team-end',
    'parent',
    'stop',
    'kill',
  ]

  test('is kill > stop > parent > team > deadline > stall > unhealthy > budget > unanswered > restart > the agent’s own > leftovers', () => {
    for (const [one, a] of ORDER.entries()) {
      for (const [other, b] of ORDER.entries()) expect(higher(a, b)).toBe(one >= other ? a : b)
    }
  })

  const signals: Readonly<Partial<Record<EndReason, Signal>>> = {
    restart,
    unhealthy: { type: 'unhealthy', run: 1 },
    stall: timer('activity', 10 ** 9),
    deadline: timer('deadline'),
    stop,
    kill,
  }
  const pairs = Object.keys(signals).flatMap((first) =>
    Object.keys(signals).map((second) => [first as EndReason, second as EndReason] as const),
  )
  test.each(pairs.filter(([first, second]) => first !== second))(
    '%s, then %s: the higher one is the reason',
    (first, second) => {
      const both = up({ timeoutMs: 100, activityTimeoutMs: 100 }).and(signals[first]!).and(signals[second]!)
      // Neither silence nor a probe means anything any more when a run is being ended.
      const expected = second === 'stall' || second === 'unhealthy' ? first : higher(first, second)
      expect(both.state.ending?.reason).toBe(expected)
    },
  )
})

describe('limits of time', () => {
  test('silence is a stall at its limit, and not a millisecond before', () => {
    const silent = (ms: number): Course => up({ activityTimeoutMs: 100 }).and(timer('activity', ms))
    expect(silent(99).state.phase).toBe('running.up')
    expect(silent(100).state.phase).toBe('stalled.terminating')
  })

  test('the time that a stop has given it holds when another reason comes to it', () => {
    const asked = course().and(launch).and({ type: 'stop', timeoutMs: 500 })
    const ends = asked.and({ type: 'end', because: 'parent' }).and(spawned())
    expect(ends.state.ending).toMatchObject({ reason: 'stop', timeoutMs: 500 })
    expect(ends.state.timers.rung?.monotonic).toBe(500)
  })

  test('it is asked by the signal that it wants', () => {
    expect(up({ stopSignal: 'SIGINT' }).and(stop).last).toMatchObject({
      events: [{ type: 'run.ending', signal: 'SIGINT' }],
      effects: [{ type: 'signal', signal: 'SIGINT' }],
    })
  })

  test.each([1, 3])('what is told of run %d is not about run 2', (run) => {
    const second = up({ restart: 'always', backoffMs: 0 })
      .and(exited(1))
      .and(timer('backoff'))
      .and(spawned(2))
    expect(second.state).toMatchObject({ phase: 'running.up', run: 2 })
    const told = second.and(exited(0, 0, run))
    expect(told.last).toMatchObject({ events: [], effects: [] })
    expect(told.state).toEqual(second.state)
  })

  test('SIGKILL has ten seconds, whatever time the stop had', () => {
    const killed = up({ stopTimeoutMs: 70 }).and(kill)
    expect(killed.state.timers.rung?.monotonic).toBe(10_000)
  })
})

describe('an agent that can be told', () => {
  const nudges = { nudges: true }
  const silent = (ms: number, at: number): readonly [Signal, number, Partial<Circumstances>] => [
    timer('activity', ms),
    at,
    nudges,
  ]
  const suspect = (): Course =>
    up({ activityTimeoutMs: 1000, stopTimeoutMs: 800, stopSignal: 'SIGTERM' }).and(...silent(1000, 1000))

  test('is suspected at its limit, and waited for by half of it', () => {
    expect(suspect().state).toMatchObject({ phase: 'stalled.suspect', ending: null })
    expect(suspect().last.effects).toEqual([])
    expect(suspect().state.timers.activity?.monotonic).toBe(1500)
    expect(up({ activityTimeoutMs: 1000 }).and(...silent(999, 999)).state.phase).toBe('running.up')
  })

  test('is nudged when it stays silent, and goes on when it does not', () => {
    const nudged = suspect().and(...silent(1500, 1500))
    expect(nudged.state).toMatchObject({ phase: 'stalled.nudged', ending: null })
    expect(nudged.last).toMatchObject({
      events: [{ type: 'run.nudged', run: 1 }],
      effects: [{ type: 'nudge' }],
    })
    const active = suspect().and(...silent(999, 1500))
    expect(active.state.phase).toBe('running.up')
    expect(active.last.events).toEqual([{ type: 'run.recovered', run: 1 }])
    expect(active.state.timers.activity?.monotonic).toBe(1501)
  })

  test('is only heard to have read the nudge in the first moment after it', () => {
    const nudged = suspect().and(...silent(1500, 1500))
    expect(nudged.and(...silent(250, 2000)).state.phase).toBe('stalled.interrupting')
    expect(nudged.and(...silent(249, 2000)).state.phase).toBe('running.up')
    // However long it was silent before, that moment is a second at most.
    const slow = up({ activityTimeoutMs: 10_000 })
      .and(...silent(10_000, 10_000))
      .and(...silent(15_000, 15_000))
    expect(slow.state.phase).toBe('stalled.nudged')
    expect(slow.and(...silent(4000, 20_000)).state.phase).toBe('stalled.interrupting')
    expect(slow.and(...silent(3999, 20_000)).state.phase).toBe('running.up')
  })

  test.each([
    ['its deadline', timer('deadline')],
    ['an end of its own', { type: 'end', because: 'finished' } as const],
    ['a restart', restart],
  ])('that is interrupted when %s comes is asked before it is killed', (_, signal) => {
    const interrupted = suspect()
      .and(...silent(1500, 1500))
      .and(...silent(2000, 2000))
    const raised = interrupted.and(signal, 2100)
    expect(raised.last.effects).toEqual([])
    expect(raised.state.ending).toMatchObject({ rung: 'interrupt' })
    expect(raised.and(timer('rung'), 2400).last.effects).toEqual([{ type: 'signal', signal: 'SIGTERM' }])
  })

  test('is interrupted, asked and killed, all within the time that a stop has', () => {
    const interrupted = suspect()
      .and(...silent(1500, 1500))
      .and(...silent(2000, 2000))
    expect(interrupted.state.ending).toMatchObject({ reason: 'stall', rung: 'interrupt' })
    expect(interrupted.last.effects).toEqual([{ type: 'signal', signal: 'SIGINT' }])
    expect(interrupted.state.timers.rung?.monotonic).toBe(2400)
    const asked = interrupted.and(timer('rung'), 2400)
    expect(asked.state.phase).toBe('stalled.terminating')
    expect(asked.last.effects).toEqual([{ type: 'signal', signal: 'SIGTERM' }])
    expect(asked.state.timers.rung?.monotonic).toBe(2800)
    const killed = asked.and(timer('rung'), 2800)
    expect(killed.state.phase).toBe('stalled.killing')
    expect(killed.last.effects).toEqual([{ type: 'signal', signal: 'SIGKILL' }])
    expect(killed.and(exited(137)).state.exit).toMatchObject({ class: 'stalled' })
  })

  test.each([
    ['stop', stop, 'running.stopping'],
    ['kill', kill, 'running.stopping'],
    ['restart', restart, 'running.stopping'],
  ] as const)('that is suspected takes a %s as one that is up', (_, signal, phase) => {
    expect(suspect().and(signal, 1200).state.phase).toBe(phase)
    expect(
      suspect()
        .and(...silent(1500, 1500))
        .and(signal, 1600).state.phase,
    ).toBe(phase)
  })

  test('that is suspected and ends by itself has not stalled', () => {
    expect(suspect().and(exited(0), 1200).state.exit).toMatchObject({ class: 'completed' })
  })

  test('is asked to leave in its own words while it waits, for half of the time', () => {
    const state = {
      ...up({ stopTimeoutMs: 1000 }).state,
      conversation: { ...newConversation(null), turn: 'idle' as const },
    }
    const idle = course({ stopTimeoutMs: 1000 }, state)
    const asked = idle.and(stop, 0, { parts: true })
    expect(asked.last).toMatchObject({
      events: [{ type: 'run.ending', reason: 'stop', signal: null }],
      effects: [{ type: 'part' }],
    })
    expect(asked.state.timers.rung?.monotonic).toBe(500)
    const signalled = asked.and(timer('rung'), 500)
    expect(signalled.last.effects).toEqual([{ type: 'signal', signal: 'SIGTERM' }])
    expect(signalled.state.timers.rung?.monotonic).toBe(1000)
    expect(idle.and(stop, 0, { parts: false }).last.effects).toEqual([{ type: 'signal', signal: 'SIGTERM' }])
  })

  test.each([
    ['has answered all and has not said yet that it waits', 1, [], 'part'],
    ['has answered, and more is queued', 1, ['queued'], 'part'],
    ['has answered one and works on the next', 1, ['taken'], 'ask'],
    ['has not answered in this run', 0, [], 'ask'],
  ] as const)('one that %s', (_, answeredIn, states, rung) => {
    const { state } = up()
    const conversation: Conversation = {
      ...newConversation(null),
      turn: 'busy',
      last: { ok: true, run: answeredIn, from: 0, to: 1, at: 0 },
      messages: states.map((of) => ({
        id: MESSAGE,
        at: 0,
        state: of,
        run: 1,
        goOn: null,
        heard: 0,
        cutOff: null,
      })),
    }
    const { ending } = course({}, { ...state, conversation }).and(stop, 0, { parts: true }).state
    expect(ending).toMatchObject({ rung })
  })
})

describe('a slot', () => {
  test('is waited for by a first start, until its turn comes', () => {
    const waits = course().and(launch, 0, FULL)
    expect(waits.state).toMatchObject({ phase: 'pending.queued', run: 0, queuedAt: 1000 })
    expect(waits.last).toEqual({
      state: waits.state,
      events: [{ type: 'mission.queued', run: 1, full: ['provider raw'] }],
      effects: [],
    })
    const started = waits.and(turn)
    expect(started.state).toMatchObject({ phase: 'running.starting', run: 1, queuedAt: null })
    expect(started.last.effects).toEqual([{ type: 'spawn' }])
  })

  test('is waited for in the same place by one that a new supervisor launches again', () => {
    const waits = course().and(launch, 0, FULL)
    expect(waits.and(launch, 5000, FULL).state).toEqual(waits.state)
    expect(waits.and(launch, 5000, FULL).last.events).toEqual([])
  })

  test('is not needed for a restart that the policy makes, nor for one that a person makes of what runs', () => {
    const again = up({ restart: 'always' }).and(exited(1)).and(timer('backoff'), 1000, FULL)
    expect(again.state).toMatchObject({ phase: 'running.starting', run: 2 })
    const asked = up().and(restart).and(exited(143), 0, FULL).and(timer('backoff'), 0, FULL)
    expect(asked.state).toMatchObject({ phase: 'running.starting', run: 2 })
  })

  test.each([
    ['a person', restart],
    ['its team', { type: 'restart', by: 'team' }],
  ] as const)('is waited for by one that has exited and that %s starts again', (_, signal) => {
    const waits = up().and(exited(0)).and(signal, 0, FULL)
    expect(waits.state).toMatchObject({ phase: 'restarting.queued', run: 1, exit: null, queuedAt: 1000 })
    // Its last process is gone, and is named no more.
    expect(waits.state).toMatchObject({ process: null, startedAt: null })
    expect(waits.types.slice(-2)).toEqual(['mission.restarting', 'mission.queued'])
    expect(waits.and(turn).state).toMatchObject({ phase: 'running.starting', run: 2 })
  })

  test.each([
    ['a first start', course().and(launch, 0, CLOSED), 'pending.queued'],
    ['a restart', up({ restart: 'always' }).and(exited(1), 0, JUDGED), 'restarting.queued'],
  ] as const)('is waited for again behind the gate of an account: %s', (_, limited, phase) => {
    const waits = limited.and(timer('gate'), 60_000, FULL)
    expect(waits.state).toMatchObject({ phase, queuedAt: 61_000, timers: {} })
    const closed = waits.and(turn, 60_001, {
      gate: { ...OPEN_GATE, limit: { until: { wall: 91_000, monotonic: 90_000, boot: 'boot' }, strikes: 0 } },
    })
    expect(closed.state).toMatchObject({
      phase: phase.replace('queued', 'limited'),
      queuedAt: null,
      timers: { gate: { monotonic: 90_000 } },
    })
  })

  test.each([
    ['a first start', course().and(launch, 0, FULL), 1],
    ['one that is started again', up().and(exited(0)).and(restart, 0, FULL), 2],
  ] as const)('%s: is not waited for when a person will not, nor by a stop or kill', (_, waits, run) => {
    expect(waits.and(restart, 0, FULL).state).toMatchObject({ phase: 'running.starting', run })
    const stopped = waits.and(stop, 0, FULL)
    expect(stopped.state).toMatchObject({ phase: 'exited', queuedAt: null, exit: { class: 'stopped' } })
    expect(waits.and(kill, 0, FULL).state).toMatchObject({ phase: 'exited', exit: { class: 'killed' } })
    expect(waits.and({ type: 'end', because: 'parent' }, 0, FULL).state.exit?.class).toBe('stopped')
  })
})

describe('an account that is limited', () => {
  test('holds a first start up until its turn', () => {
    const waits = course().and(launch, 0, CLOSED)
    expect(waits.state).toMatchObject({ phase: 'pending.limited', run: 0, account: 'account' })
    expect(waits.last).toMatchObject({
      events: [{ type: 'mission.limited', run: 1, account: 'account', until: 61_000 }],
      effects: [],
    })
    expect(waits.state.timers.gate?.monotonic).toBe(60_000)
    const started = waits.and(timer('gate'), 60_000, CLOSED)
    expect(started.state).toMatchObject({ phase: 'running.starting', run: 1, timers: {} })
    expect(started.last.effects).toEqual([{ type: 'spawn' }])
  })

  test('holds it up again when the limit has been put off meanwhile', () => {
    const waits = course().and(launch, 0, CLOSED).and(timer('gate'), 59_999, CLOSED)
    expect(waits.state).toMatchObject({ phase: 'pending.limited', timers: { gate: { monotonic: 60_000 } } })
    expect(waits.types).toEqual(['mission.limited', 'mission.limited'])
  })

  test('holds a restart after a crash up, once its backoff is over, and the crash is charged', () => {
    const backs = up({ restart: 'always' }).and(exited(1))
    expect(backs.state.phase).toBe('restarting.backoff')
    const waits = backs.and(timer('backoff'), 1000, CLOSED)
    expect(waits.state).toMatchObject({ phase: 'restarting.limited', budget: { charged: [10] } })
    expect(waits.last.events).toMatchObject([{ type: 'mission.limited', run: 2, until: 61_000 }])
  })

  test.each([
    ['a first start', course().and(launch, 0, CLOSED), 1],
    ['a restart', up({ restart: 'always' }).and(exited(1)).and(timer('backoff'), 1000, CLOSED), 2],
    ['one that met the limit', up({ restart: 'always' }).and(exited(1), 0, JUDGED), 2],
  ] as const)('%s: does not hold a person up, nor a stop or kill', (_, waits, run) => {
    expect(waits.and(restart, 0, CLOSED).state).toMatchObject({ phase: 'running.starting', run })
    expect(waits.and(stop, 0, CLOSED).state).toMatchObject({
      phase: 'exited',
      timers: {},
      exit: { class: 'stopped' },
    })
    expect(waits.and(kill, 0, CLOSED).state).toMatchObject({ phase: 'exited', exit: { class: 'killed' } })
    expect(waits.and({ type: 'end', because: 'parent' }, 0, CLOSED).state.exit?.class).toBe('stopped')
  })

  test('does not hold up the restart of a running or exited one that a person asks for', () => {
    const asked = up().and(restart).and(exited(143), 0, CLOSED)
    expect(asked.and(timer('backoff'), 0, CLOSED).state).toMatchObject({ phase: 'running.starting', run: 2 })
    const revived = up().and(exited(0)).and(restart, 0, CLOSED)
    expect(revived.state).toMatchObject({ phase: 'running.starting', run: 2, ending: null })
  })

  test('holds up the one that its team starts again', () => {
    const again = up().and(exited(0)).and({ type: 'restart', by: 'team' }, 0, CLOSED)
    expect(again.state).toMatchObject({ phase: 'restarting.limited', exit: null })
    expect(again.types.slice(-2)).toEqual(['mission.restarting', 'mission.limited'])
    expect(up().and(exited(0)).and({ type: 'restart', by: 'team' }).state.phase).toBe('running.starting')
  })

  test('is learned of from an end, which charges nothing and waits for the reset', () => {
    const waits = up({ restart: 'on-failure' }).and(exited(1), 0, JUDGED)
    expect(waits.state).toMatchObject({
      phase: 'restarting.limited',
      restarts: 1,
      budget: { clock: 10, charged: [] },
      account: 'acme',
      limit: { until: { monotonic: 30_000 }, strikes: 0 },
      timers: { gate: { monotonic: 30_000 } },
    })
    expect(waits.last.events).toMatchObject(
      [
        { type: 'run.exited' },
        { type: 'mission.restarting', run: 2, delay: 30_000, charged: false, reason: /out of tokens/ },
        { type: 'mission.limited', run: 2, account: 'acme', until: 31_000 },
      ].map((event) =>
        'reason' in event ? { ...event, reason: expect.stringMatching(event.reason) } : event,
      ),
    )
  })

  test('is learned of after leftovers are gone', () => {
    const reaps = up({ restart: 'on-failure' }).and(exited(1, 2), 0, JUDGED)
    expect(reaps.state).toMatchObject({ phase: 'restarting.reaping' })
    expect(reaps.and(emptied(), 0, JUDGED).state).toMatchObject({
      phase: 'restarting.limited',
      ending: null,
      limit: { until: { monotonic: 30_000 } },
    })
  })

  test('is waited for whatever the restart policy, because it is not a failure', () => {
    expect(up().and(exited(1), 0, JUDGED).state.phase).toBe('restarting.limited')
  })

  test('is on record also when the mission does not wait: others do', () => {
    const ended = up({ onLimit: 'exit', restart: 'always' }).and(exited(1), 0, JUDGED)
    expect(ended.state).toMatchObject({
      phase: 'exited',
      exit: { class: 'rate-limited', outcome: 'crashed' },
      account: 'acme',
      limit: { until: { monotonic: 30_000 } },
    })
  })

  test('lets the next one through a spacing after the last place', () => {
    const gate = { ...OPEN_GATE, place: { wall: 51_000, monotonic: 50_000, boot: 'boot' } }
    expect(course().and(launch, 0, { gate }).state.timers.gate?.monotonic).toBe(50_000 + SPACING_MS)
  })

  test('means nothing to an end that was asked for', () => {
    const stopped = up({ restart: 'always' }).and(stop).and(exited(1), 0, JUDGED)
    expect(stopped.state.exit).toMatchObject({ class: 'stopped' })
    expect(stopped.state.limit).toBeUndefined()
    const restarted = up().and(restart).and(exited(1), 0, JUDGED)
    expect(restarted.state).toMatchObject({ phase: 'restarting.backoff' })
  })
})

test('an end that a provider calls permanent is never followed by a run', () => {
  const judgement = { kind: 'permanent', reason: 'not logged in' } as const
  const ended = up({ restart: 'always' }).and(exited(1), 0, { judgement })
  expect(ended.state).toMatchObject({
    phase: 'exited',
    exit: { class: 'permanent', evidence: { reason: 'not logged in (exit code 1)' } },
    budget: { charged: [] },
  })
})

describe('what does not concern it', () => {
  const phases: readonly (readonly [Phase, Course])[] = [
    ['pending.queued', course()],
    ['running.starting', course().and(launch)],
    ['running.up', up()],
    ['running.stopping', up().and(stop)],
    ['stalled.terminating', up({ activityTimeoutMs: 1 }).and(timer('activity', 5))],
    ['stalled.killing', up({ activityTimeoutMs: 1 }).and(timer('activity', 5)).and(timer('rung'))],
    ['restarting.reaping', up({ restart: 'always' }).and(exited(1, 1))],
    ['restarting.backoff', up({ restart: 'always' }).and(exited(1))],
    ['pending.limited', course().and(launch, 0, CLOSED)],
    ['restarting.limited', up({ restart: 'always' }).and(exited(1), 0, JUDGED)],
    ['restarting.queued', up().and(exited(0)).and(restart, 0, FULL)],
    ['exited', up().and(exited(0))],
  ]

  test.each(phases)('in %s: what belongs to another run is dropped', (phase, at) => {
    expect(at.state.phase).toBe(phase)
    for (const signal of [spawned(9), refused(true, 9), exited(0, 0, 9), emptied([], 9)]) {
      expect(at.and(signal).state).toBe(at.state)
      expect(at.and(signal).last).toMatchObject({ events: [], effects: [] })
    }
  })

  test.each(phases)('in %s: a signal that has no meaning there leaves it as it is', (phase, at) => {
    const meaningless: Readonly<Partial<Record<Phase, readonly Signal[]>>> = {
      'pending.queued': [timer('rung'), timer('gate'), spawned()],
      'pending.limited': [launch, turn, spawned(), timer('rung'), timer('backoff')],
      'restarting.queued': [launch, spawned(), exited(1), emptied(), timer('gate'), timer('backoff')],
      'restarting.limited': [launch, turn, spawned(), exited(1), emptied(), timer('rung'), timer('backoff')],
      'running.starting': [launch, turn, timer('rung')],
      'running.up': [launch, turn, spawned(), refused(true), emptied(), timer('rung'), timer('backoff')],
      'running.stopping': [launch, spawned(), timer('backoff')],
      'stalled.terminating': [launch, spawned(), timer('backoff')],
      'stalled.killing': [launch, spawned(), timer('backoff')],
      'restarting.reaping': [launch, spawned(), timer('backoff')],
      'restarting.backoff': [launch, turn, spawned(), exited(1), emptied(), timer('rung')],
      exited: [launch, turn, spawned(), refused(true), exited(1), emptied(), timer('rung'), timer('backoff')],
    }
    for (const signal of meaningless[phase]!) {
      const after = at.and(signal)
      expect([signal, after.last.events, after.last.effects]).toEqual([signal, [], []])
      expect(after.state.phase).toBe(phase)
    }
  })

  test.each(phases)(
    'in %s: the same values give the same decision, and nothing given is changed',
    (_, at) => {
      const before = JSON.stringify(at.state)
      for (const signal of [stop, kill, restart, exited(1), emptied(), timer('rung'), timer('backoff')]) {
        expect(at.and(signal).last).toEqual(at.and(signal).last)
        expect(JSON.stringify(at.state)).toBe(before)
      }
    },
  )
})

test("the leader's end is told once, however often it is learned", () => {
  const twice = up({ restart: 'always' }).and(exited(1, 1)).and(exited(1, 0))
  expect(twice.types.filter((type) => type === 'run.exited')).toHaveLength(1)
})
