/**
 * Random lives of one mission, on a clock that steps and processes made of numbers, and what must hold
 * after each step of them. Used by the normal run and by the soak run.
 */
import fc from 'fast-check'
import {
  createMemoryStore,
  type EndReason,
  type EventDraft,
  type MissionInput,
  type MissionRecord,
  type MissionState,
  OvermindError,
  type Phase,
  type Provider,
  type RestartPolicy,
  type Run,
} from '../../src/index.ts'
import { createMission } from '../../src/mission/mission.ts'
import { higher, type Signal } from '../../src/mission/signal.ts'
import { deadlineAfter } from '../../src/model/time.ts'
import { rawProvider } from '../../src/provider/raw.ts'
import { createGates } from '../../src/runtime/gates.ts'
import { createSlots } from '../../src/runtime/slots.ts'
import { fakeHost, type Order, type Temper } from '../fakes/fake-host.ts'
import { missionId, missionRecord, missionSpec } from '../fakes/records.ts'
import { steppingClock } from '../fakes/stepping-clock.ts'

/** One thing that happens. */
export type Step =
  | { readonly do: 'stop'; readonly timeoutMs: number | null }
  | { readonly do: 'kill' | 'restart' | 'outside' | 'others-end' | 'next-timer' | 'unhealthy' }
  /** Another mission begins to work, or ends. */
  | { readonly do: 'rival'; readonly works: boolean }
  | { readonly do: 'begin'; readonly temper: Temper }
  | { readonly do: 'refuse'; readonly retry: boolean }
  | { readonly do: 'leader-ends'; readonly code: number; readonly leaves: number }
  | { readonly do: 'news'; readonly count: number }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'quiet'; readonly ms: number }
  | { readonly do: 'store-fails'; readonly commits: number }

export interface Life {
  /** Whether its account is limited when it begins. */
  readonly limited: boolean
  /** Whether another mission has the only slot when it begins. */
  readonly crowded: boolean
  readonly input: Partial<MissionInput>
  readonly steps: readonly Step[]
}

/** The exit codes that mean something to the provider here. */
const LIMITED = 75
const PERMANENT = 78

const provider: Provider = {
  ...rawProvider,
  judge: ({ code }) => {
    if (code === LIMITED)
      return { kind: 'rate-limited', reason: 'out of tokens', until: null, account: 'raw' }
    return code === PERMANENT ? { kind: 'permanent', reason: 'no such model' } : undefined
  },
}

const temper = fc.record({ stubborn: fc.boolean(), unkillable: fc.boolean() })
const mild: Temper = { stubborn: false, unkillable: false }

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('stop' as const),
      timeoutMs: fc.constantFrom(null, null, 0, 500),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'kill' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'restart' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'outside' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'others-end' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'unhealthy' as const }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rival' as const), works: fc.boolean() }) },
  { weight: 4, arbitrary: fc.constant({ do: 'next-timer' as const }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('begin' as const), temper }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('refuse' as const), retry: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('leader-ends' as const),
      code: fc.constantFrom(0, 0, 1, 127, 137, LIMITED, PERMANENT),
      leaves: fc.constantFrom(0, 0, 1, 3),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('news' as const), count: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      ms: fc.constantFrom(0, 1, 999, 5000, 61_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('quiet' as const), ms: fc.constantFrom(0, 500, 10_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('store-fails' as const),
      commits: fc.integer({ min: 1, max: 3 }),
    }),
  },
)

/** Uniformly random steps hardly ever use a budget up, so some come in the order in which trouble comes. */
const story: fc.Arbitrary<readonly Step[]> = fc.oneof(
  { weight: 10, arbitrary: anyStep.map((step) => [step]) },
  // A crash loop.
  {
    weight: 3,
    arbitrary: fc
      .record({
        rounds: fc.integer({ min: 1, max: 7 }),
        ms: fc.constantFrom(0, 10, 6000),
        leaves: fc.constantFrom(0, 0, 2),
      })
      .map(({ rounds, ms, leaves }) =>
        Array.from({ length: rounds }, (): readonly Step[] => [
          { do: 'begin', temper: mild },
          { do: 'advance', ms },
          { do: 'leader-ends', code: 1, leaves },
          { do: 'news', count: 2 },
          { do: 'news', count: 1 },
          { do: 'next-timer' },
        ]).flat(),
      ),
  },
  // Leftovers of a stubborn kind.
  {
    weight: 2,
    arbitrary: temper.map((kind): readonly Step[] => [
      { do: 'begin', temper: kind },
      { do: 'news', count: 1 },
      { do: 'leader-ends', code: 1, leaves: 2 },
      { do: 'news', count: 1 },
      { do: 'next-timer' },
      { do: 'next-timer' },
      { do: 'news', count: 1 },
    ]),
  },
  // A stop while it starts, and its ladder.
  {
    weight: 2,
    arbitrary: fc
      .tuple(temper, fc.integer({ min: 1, max: 3 }))
      .map(([kind, stops]): readonly Step[] => [
        ...Array.from({ length: stops }, (): Step => ({ do: 'stop', timeoutMs: null })),
        { do: 'begin', temper: kind },
        { do: 'news', count: 1 },
        { do: 'next-timer' },
        { do: 'next-timer' },
        { do: 'news', count: 2 },
      ]),
  },
  // An end that its provider has something to say about.
  {
    weight: 2,
    arbitrary: fc.constantFrom(LIMITED, LIMITED, PERMANENT).map((code): readonly Step[] => [
      { do: 'begin', temper: mild },
      { do: 'news', count: 1 },
      { do: 'leader-ends', code, leaves: 0 },
      { do: 'news', count: 2 },
    ]),
  },
  // A pause that is no silence, and an end that comes from outside.
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(0, 500)
      .map((ms): readonly Step[] => [
        { do: 'begin', temper: mild },
        { do: 'news', count: 1 },
        { do: 'quiet', ms },
        { do: 'next-timer' },
        { do: 'outside' },
        { do: 'news', count: 1 },
      ]),
  },
  // A run that is of no use, and what follows it.
  {
    weight: 2,
    arbitrary: temper.map((kind): readonly Step[] => [
      { do: 'begin', temper: kind },
      { do: 'news', count: 1 },
      { do: 'unhealthy' },
      { do: 'news', count: 2 },
      { do: 'next-timer' },
      { do: 'unhealthy' },
      { do: 'next-timer' },
      { do: 'news', count: 1 },
    ]),
  },
  // Silence.
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<Step['do'] & ('restart' | 'kill')>('restart', 'kill')
      .map((end): readonly Step[] => [
        { do: 'kill' },
        { do: 'news', count: 3 },
        { do: 'rival', works: true },
        { do: 'restart' },
        { do: end },
        { do: 'rival', works: false },
      ]),
  },
  {
    weight: 1,
    arbitrary: temper.map((kind): readonly Step[] => [
      { do: 'begin', temper: kind },
      { do: 'news', count: 1 },
      { do: 'quiet', ms: 100_000 },
      { do: 'next-timer' },
      { do: 'next-timer' },
      { do: 'next-timer' },
      { do: 'news', count: 1 },
    ]),
  },
)

export const life: fc.Arbitrary<Life> = fc.record({
  limited: fc.constantFrom(false, false, false, false, true),
  crowded: fc.constantFrom(false, false, false, true),
  input: fc.record({
    restart: fc.constantFrom<RestartPolicy>('never', 'on-failure', 'always'),
    maxRestarts: fc.constantFrom(1, 2, 5, 0),
    backoffMs: fc.constantFrom(0, 1000),
    timeoutMs: fc.constantFrom(undefined, undefined, 3000),
    activityTimeoutMs: fc.constantFrom(undefined, 2000),
    stopTimeoutMs: fc.constantFrom(0, 1000, 10_000),
  }),
  steps: fc.array(story, { minLength: 1, maxLength: 14 }).map((stories) => stories.flat()),
})

/** What a run of many lives came across, so that a test can tell when something was never reached. */
export type Coverage = Map<string, number>

export const WANTED: readonly string[] = [
  ...(
    [
      'pending.queued',
      'pending.limited',
      'running.starting',
      'running.up',
      'running.stopping',
      'stalled.terminating',
      'stalled.killing',
      'restarting.reaping',
      'restarting.backoff',
      'restarting.queued',
      'restarting.limited',
      'exited',
    ] satisfies Phase[]
  ).map((phase) => `phase ${phase}`),
  'stop while starting',
  'stop in backoff',
  'stop again goes to SIGKILL',
  'kill beats stop',
  'deadline',
  'stall',
  'unhealthy',
  'given up, naming what is left',
  'budget used up',
  'refused and tried again',
  'refused for good',
  'restart of an exited mission',
  'restart in backoff',
  'stop while limited',
  'restart while limited',
  'stop in the queue',
  'restart in the queue',
  'turn',
  'limit met',
  'judged permanent',
  'leftovers ended before a restart',
  'lost',
  'request refused by the store',
  'fact told again to the store',
  'activity noticed in time',
]

function fail(what: string): never {
  throw new Error(what)
}

/** Lives one life and checks it at every step. @throws Error that says what does not hold */
export function live({ input, steps, limited, crowded }: Life, seen: Coverage): void {
  const note = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1)
  const clock = steppingClock()
  const store = createMemoryStore()
  const spec = missionSpec(input)
  const created: MissionRecord = missionRecord({ spec })
  let failing = 0
  let faults = 0
  const written: EventDraft[] = []
  const orders: Order[] = []
  /** A stop or kill was asked for, and no restart of the exited mission since. */
  let endAsked = false
  let givingUp = false
  /** Runs whose processes a receipt has named as left. */
  const named = new Set<Run>()
  let charges: number[] = []
  let over = false
  let worst: { readonly run: Run; readonly reason: EndReason } | undefined

  const host = fakeHost(clock, (order) => {
    orders.push(order)
    const recorded = store.missions()[0]?.state ?? fail('an effect before anything was written')
    const last = written.at(-1)
    switch (order.type) {
      case 'spawn': {
        const { run } = order.launch
        if (recorded.phase !== 'running.starting' || recorded.run !== run)
          fail(`run ${run} is started but ${recorded.phase} of run ${recorded.run} is on record`)
        if (!written.some((event) => event.type === 'run.starting' && event.run === run))
          fail('a run is started that was not announced')
        if (endAsked) fail('a run is started after a stop or kill')
        const others = host.living().filter((other) => !named.has(other))
        if (others.length > 0) fail(`run ${run} is started while run ${others.join()} lives`)
        if (host.starting.length > 0) fail('two runs are started at once')
        return
      }
      case 'signal':
        if (recorded.ending === null) fail('a signal without a reason on record')
        if (last?.type !== 'run.ending' || last.signal !== order.signal)
          fail(`${order.signal} is sent that was not announced`)
        return
      case 'give-up':
        if (recorded.ending?.rung !== 'kill') fail('given up before SIGKILL')
        givingUp = true
    }
  })

  const gates = createGates({ clock, boot: host.boot })
  if (limited) {
    const until = deadlineAfter(clock.now(), host.boot, 5000)
    gates.note({ ...created, state: { ...created.state, limit: { until, strikes: 0 } } }, 'raw', null)
  }
  /** Another mission, which takes the only slot while it works. */
  const rival = missionRecord({ id: missionId('0123abce') })
  const atWork: MissionState = { ...rival.state, phase: 'running.up' }
  let rivalWorks = crowded
  const slots = createSlots({
    clock,
    limits: { missions: 1 },
    parentOf: () => null,
    call: () => {
      if (rivalWorks) fail('it is called while another has the only slot')
      note('turn')
      actor.tell({ type: 'turn' })
    },
  })
  slots.open()
  slots.note({ ...rival, state: rivalWorks ? atWork : rival.state }, null)
  const actor = createMission(created, {
    slots,
    clock,
    host,
    provider,
    gates,
    random: () => 0.5,
    fault: () => (faults += 1),
    textOf: () => '',
    hasSpent: () => {},
    releaseChildren: () => {},
    commit(change) {
      if (failing > 0) {
        failing -= 1
        throw new OvermindError('store_failed', 'the disk is full')
      }
      store.commit(change)
      written.push(...change.events)
      for (const event of change.events) observe(event)
    },
  })

  function observe(event: EventDraft): void {
    switch (event.type) {
      case 'run.starting':
        givingUp = false
        return
      case 'run.exited':
        if (written.filter((other) => other.type === 'run.exited' && other.run === event.run).length > 1)
          fail(`run ${event.run} exited twice`)
        if (event.exit.kind === 'lost') note('lost')
        return
      case 'run.ended':
        if (event.receipt.left.length > 0) {
          named.add(event.run)
          note('given up, naming what is left')
        }
        return
      case 'run.refused':
        note(event.retry ? 'refused and tried again' : 'refused for good')
        return
      case 'mission.restarting':
        // Its past counts no longer.
        if (over) charges = []
        over = false
        if (/out of tokens/.test(event.reason)) {
          note('limit met')
          if (event.charged) fail('a limit is charged')
        }
        return
      case 'mission.exited':
        over = true
        if (event.exit.receipt.left.length > 0) named.add(event.run)
        if (/used up/.test(event.exit.evidence.reason)) note('budget used up')
        if (event.exit.class === 'deadline') note('deadline')
        if (event.exit.class === 'stalled') note('stall')
        if (event.exit.class === 'permanent') note('judged permanent')
        return
      default:
    }
  }

  function request(signal: Signal): void {
    const before = actor.record()
    const ordered = orders.length
    const asked = endAsked
    // Where a fact could not be written, its end may have been one, and is written first.
    if (signal.type === 'restart' && (before.state.phase === 'exited' || faults > 0)) endAsked = false
    try {
      actor.request(signal)
    } catch (error) {
      endAsked = asked
      if (!(error instanceof OvermindError) || error.code !== 'store_failed') throw error
      note('request refused by the store')
      if (actor.record() !== before || orders.length !== ordered)
        fail('a request that failed has begun something')
      return
    }
    const { phase, exit, ending } = before.state
    const after = actor.record().state
    if (signal.type === 'restart') {
      if (phase === 'exited') note('restart of an exited mission')
      if (phase === 'restarting.backoff') note('restart in backoff')
      if (phase.endsWith('.queued')) {
        note('restart in the queue')
        if (faults === 0 && after.phase !== 'running.starting') fail('a person has to wait for a slot')
      }
      if (phase === 'exited' && faults === 0 && rivalWorks && after.phase === 'running.starting')
        fail('it takes a slot that is not there')
      if (phase.endsWith('.limited')) {
        note('restart while limited')
        if (faults === 0 && after.phase !== 'running.starting') fail('a person has to wait for a limit')
      }
      return
    }
    if (exit !== null) return
    endAsked = true
    // A fact that could not be written before came first, so it was another phase that was asked.
    if (faults > 0) return
    if (phase === 'running.starting') note('stop while starting')
    if (phase === 'restarting.backoff') {
      note('stop in backoff')
      if (after.phase !== 'exited') fail('a stop in backoff does not end the mission at once')
    }
    if (phase.endsWith('.limited')) {
      note('stop while limited')
      if (after.phase !== 'exited') fail('a stop while limited does not end the mission at once')
    }
    if (phase.endsWith('.queued')) note('stop in the queue')
    if (phase.endsWith('.queued') && after.phase !== 'exited')
      fail('a stop before the start does not end the mission at once')
    if (signal.type === 'stop' && ending?.reason === 'stop' && phase !== 'running.starting') {
      note('stop again goes to SIGKILL')
      if (after.ending?.rung !== 'kill') fail('a second stop does not go to the next rung')
    }
    if (signal.type === 'kill' && ending?.reason === 'stop') {
      note('kill beats stop')
      if (after.ending?.reason !== 'kill') fail('a kill is not higher than a stop')
    }
  }

  function hear(): boolean {
    const event = host.takeNews()
    if (event === undefined) return false
    const faultsBefore = faults
    if (event.type === 'started')
      actor.tell({ type: 'spawned', run: event.ref.run, process: event.process, at: event.at })
    else if (event.type === 'refused' || event.type === 'exited' || event.type === 'emptied')
      actor.tell({ ...event, run: event.ref.run })
    if (faults > faultsBefore) note('fact told again to the store')
    return true
  }

  function step(action: Step): void {
    switch (action.do) {
      case 'stop':
        request({ type: 'stop', timeoutMs: action.timeoutMs })
        return
      case 'kill':
      case 'restart':
        request({ type: action.do })
        return
      case 'begin':
        host.begin(action.temper)
        return
      case 'refuse':
        host.refuse(action.retry)
        return
      case 'leader-ends':
        host.leaderEnds(action.code, action.leaves)
        return
      case 'outside':
        host.killedFromOutside()
        return
      case 'others-end':
        host.othersEnd()
        return
      case 'unhealthy': {
        const { phase, ending, run } = actor.record().state
        actor.tell({ type: 'unhealthy', run })
        const after = actor.record().state
        const isNew = after.ending?.reason === 'unhealthy' && ending?.reason !== 'unhealthy'
        if (isNew && phase !== 'running.up') fail(`a run that is not up was ended as unhealthy`)
        if (isNew) note('unhealthy')
        if (faults === 0 && phase === 'exited' && after.phase !== 'exited') fail('an exit was undone')
        return
      }
      case 'rival':
        if (rivalWorks === action.works) return
        rivalWorks = action.works
        slots.note({ ...rival, state: rivalWorks ? atWork : rival.state }, rivalWorks ? rival.state : atWork)
        return
      case 'news':
        for (let count = 0; count < action.count; count += 1) hear()
        return
      case 'advance':
        clock.advance(action.ms)
        return
      case 'next-timer': {
        const phaseBefore = actor.record().state.phase
        const hadActivity = actor.record().state.timers.activity
        clock.advance(clock.next() ?? 0)
        const { phase, timers } = actor.record().state
        if (
          phaseBefore === 'running.up' &&
          phase === 'running.up' &&
          hadActivity !== undefined &&
          timers.activity !== hadActivity
        )
          note('activity noticed in time')
        return
      }
      case 'quiet':
        host.quietMs = action.ms
        return
      case 'store-fails':
        failing += action.commits
    }
  }

  function check(action: string): void {
    const { state } = actor.record()
    const { phase, timers, ending, run, exit } = state
    const at = `after ${action}, in ${phase} of run ${run}: `
    note(`phase ${phase}`)
    if (store.missions()[0] !== undefined && store.missions()[0]?.state !== state)
      fail(`${at}what is known is not what is on record`)
    const unnamed = host.living().filter((other) => !named.has(other))
    if (unnamed.length > 1) fail(`${at}runs ${unnamed.join()} live at once`)
    if (
      (phase === 'exited' ||
        phase === 'restarting.backoff' ||
        phase.endsWith('.queued') ||
        phase.endsWith('.limited')) &&
      unnamed.length > 0
    )
      fail(`${at}processes of run ${unnamed.join()} live that no receipt names`)
    if ((phase === 'exited') !== (exit !== null)) fail(`${at}an exit without an end, or the other way round`)
    if (phase === 'exited' && Object.keys(timers).length > 0) fail(`${at}timers are set`)

    if (phase.endsWith('.queued') && state.queuedAt !== null && !rivalWorks && faults === 0)
      fail(`${at}it waits for a slot that is there`)
    const facts = host.news.length > 0 || failing > 0 || faults > 0
    const way =
      phase === 'running.up' || phase === 'exited' || phase.endsWith('.queued')
        ? true
        : phase === 'running.starting'
          ? host.starting.length > 0 || facts
          : phase === 'restarting.backoff'
            ? timers.backoff !== undefined || facts
            : phase.endsWith('.limited')
              ? timers.gate !== undefined || facts
              : timers.rung !== undefined || givingUp || facts
    if (!way) fail(`${at}there is no way out`)
    // One more may be the retry of a fact that could not be written.
    const set = Object.keys(timers).length
    if (clock.armed < set - (facts ? set : 0) || clock.armed > set + 1)
      fail(`${at}${clock.armed} timers run for ${set} on record`)

    if (ending !== null && worst?.run === run && higher(ending.reason, worst.reason) !== ending.reason) {
      fail(`${at}the reason of the end fell from ${worst.reason} to ${ending.reason}`)
    }
    worst = ending === null ? undefined : { run, reason: ending.reason }

    const { charged } = state.budget
    for (const charge of charged)
      if (
        !charges.includes(charge) ||
        charged.filter((one) => one === charge).length > charges.filter((one) => one === charge).length
      )
        charges.push(charge)
    if (spec.maxRestarts > 0 && charged.length > spec.maxRestarts)
      fail(`${at}${charged.length} restarts are charged where ${spec.maxRestarts} are allowed`)
    if (spec.maxRestarts > 0) {
      for (const first of charges) {
        if (
          charges.filter((one) => one >= first && one < first + spec.maxSeconds * 1000).length >
          spec.maxRestarts
        )
          fail(`${at}the budget was exceeded`)
      }
    }
  }

  let before = actor.record().state.phase
  function settle(action: string): void {
    const now = actor.record().state.phase
    if (before === 'restarting.reaping' && now === 'restarting.backoff')
      note('leftovers ended before a restart')
    before = now
    check(action)
  }

  check('nothing')
  actor.launch()
  settle('launch')
  for (const action of steps) {
    step(action)
    settle(JSON.stringify(action))
  }

  // Whatever happened: a kill ends it, in bounded time, with whatever could not be ended named.
  failing = 0
  clock.advance(2000)
  while (hear());
  settle('the store was mended')
  request({ type: 'kill' })
  settle('the last kill')
  for (let round = 0; actor.record().state.phase !== 'exited'; round += 1) {
    if (round > 20) fail(`a kill does not end it: ${JSON.stringify(actor.record().state)}`)
    host.begin(mild)
    while (hear());
    settle('the last news')
    clock.advance(clock.next() ?? 0)
    settle('the last timers')
  }
  actor.close()
  if (clock.armed !== 0) fail('timers run when all is over')
}
