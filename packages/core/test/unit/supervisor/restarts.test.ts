import { describe, expect, test } from 'vitest'
import {
  type ChildInput,
  type ExitReason,
  type RestartType,
  startSupervisor,
  type Strategy,
  type Supervisor,
  supervisorLogic,
  supervisorOf,
  type SupervisorOptions,
} from '../../../src/index.ts'
import {
  counts,
  crash,
  finish,
  leave,
  leaveFor,
  type Pull,
  pull,
  refOf,
  settle,
  stage,
  type Stage,
  states,
} from '../../support/puppet.ts'

const GAVE_UP: ExitReason = { kind: 'shutdown', reason: 'reached_max_restart_intensity' }

async function three(
  { puppet, options, news }: Stage,
  strategy: Strategy,
  more: Partial<SupervisorOptions> = {},
): Promise<Supervisor> {
  const children = [puppet('a'), puppet('b'), puppet('c')]
  const supervisor = await startSupervisor({ strategy, maxRestarts: 2, ...more, children }, options)
  news()
  return supervisor
}

describe('strategies', () => {
  test('29 multiple_restarts: the window slides, so restarts far enough apart never trip the limit', async () => {
    const on = stage()
    const supervisor = await three(on, 'one_for_one', { maxRestarts: 1, maxSeconds: 1 })
    for (let round = 0; round < 20; round += 1) {
      await pull(supervisor, 'a', crash)
      on.clock.advance(2100)
    }
    expect(states(supervisor)).toMatchObject({ a: 'running' })
  })

  test('30 one_for_one: only the child that ended is replaced, and one restart too many ends everything', async () => {
    const on = stage()
    const supervisor = await three(on, 'one_for_one')
    const [a, b] = [refOf(supervisor, 'a'), refOf(supervisor, 'b')]
    await pull(supervisor, 'b', crash)
    expect(on.news()).toEqual(['+b'])
    expect(refOf(supervisor, 'a')).toBe(a)
    expect(refOf(supervisor, 'b')).not.toBe(b)
    await pull(supervisor, 'b', crash)
    await pull(supervisor, 'a', crash)
    expect(on.news()).toEqual(['+b', '-c', '-b'])
    expect(await supervisor.exited()).toEqual(GAVE_UP)
  })

  test('31 one_for_one_escalation: starts that keep failing use up the budget', async () => {
    const on = stage()
    const supervisor = await three(on, 'one_for_one')
    on.fails.set('a', Infinity)
    await pull(supervisor, 'a', crash)
    on.clock.advance(0)
    await settle()
    expect(on.news()).toEqual(['!a', '!a'])
    on.clock.advance(0)
    expect(await supervisor.exited()).toEqual(GAVE_UP)
    expect(on.news()).toEqual(['-c', '-b'])
  })

  test('32 one_for_all: all are replaced, and one exit is one charge', async () => {
    const on = stage()
    const supervisor = await three(on, 'one_for_all')
    const before = ['a', 'b', 'c'].map((id) => refOf(supervisor, id))
    await pull(supervisor, 'b', crash)
    expect(on.news()).toEqual(['-c', '-a', '+a', '+b', '+c'])
    expect(before.map((ref) => ref.getSnapshot().status)).toEqual(['stopped', 'error', 'stopped'])
    await pull(supervisor, 'a', crash)
    expect(states(supervisor)).toEqual({ a: 'running', b: 'running', c: 'running' })
    await pull(supervisor, 'a', crash)
    expect(await supervisor.exited()).toEqual(GAVE_UP)
  })

  test('33 one_for_all_escalation: a sibling that cannot start again escalates', async () => {
    const on = stage()
    const supervisor = await three(on, 'one_for_all')
    on.fails.set('b', Infinity)
    await pull(supervisor, 'c', crash)
    expect(on.news()).toEqual(['-b', '-a', '+a', '!b'])
    expect(states(supervisor)).toEqual({ a: 'running', b: 'restarting', c: 'stopped' })
    on.clock.advance(0)
    await settle()
    expect(on.news()).toEqual(['-a', '+a', '!b'])
    on.clock.advance(0)
    expect(await supervisor.exited()).toEqual(GAVE_UP)
    expect(on.news()).toEqual(['-a'])
  })

  test('40 rest_for_one: it and those started after it are replaced', async () => {
    const on = stage()
    const supervisor = await three(on, 'rest_for_one')
    const [a, b] = [refOf(supervisor, 'a'), refOf(supervisor, 'b')]
    await pull(supervisor, 'b', crash)
    expect(on.news()).toEqual(['-c', '+b', '+c'])
    expect(refOf(supervisor, 'a')).toBe(a)
    expect(refOf(supervisor, 'b')).not.toBe(b)
  })

  test('41 rest_for_one_escalation: a later sibling that cannot start again escalates', async () => {
    const on = stage()
    const supervisor = await three(on, 'rest_for_one')
    on.fails.set('c', Infinity)
    await pull(supervisor, 'b', crash)
    expect(on.news()).toEqual(['-c', '+b', '!c'])
    on.clock.advance(0)
    await settle()
    // It is the one that failed from which the retry goes on.
    expect(on.news()).toEqual(['!c'])
    on.clock.advance(0)
    expect(await supervisor.exited()).toEqual(GAVE_UP)
    expect(on.news()).toEqual(['-b', '-a'])
  })

  test('71 order_of_children: rest_for_one stops later ones in reverse and starts them in order', async () => {
    const { puppet, options, news } = stage()
    const children = ['a', 'b', 'c', 'd', 'e'].map((id) => puppet(id))
    const supervisor = await startSupervisor({ strategy: 'rest_for_one', children }, options)
    news()
    await pull(supervisor, 'b', crash)
    expect(news()).toEqual(['-e', '-d', '-c', '+b', '+c', '+d', '+e'])
  })

  test.for(['one_for_all', 'rest_for_one'] as const)(
    'a temporary sibling that %s stops is forgotten, not replaced',
    async (strategy) => {
      const { puppet, options, news } = stage()
      const children = [puppet('a'), puppet('t', { restart: 'temporary' }), puppet('b')]
      const supervisor = await startSupervisor({ strategy, children }, options)
      news()
      await pull(supervisor, 'a', crash)
      expect(news()).toEqual(['-b', '-t', '+a', '+b'])
      expect(states(supervisor)).toEqual({ a: 'running', b: 'running' })
    },
  )

  test('63 simple_global_supervisor: a name in the actor system is taken over by each new life', async () => {
    const { puppet, options } = stage()
    const children = [puppet('a', { systemId: 'the-a' }), puppet('b', { systemId: 'the-b' })]
    const supervisor = await startSupervisor({ strategy: 'one_for_one', maxRestarts: 3, children }, options)
    const { system } = supervisor.ref
    for (const act of [
      async () => pull(supervisor, 'a', crash),
      async () => pull(supervisor, 'a', finish),
      async () => {
        await supervisor.terminateChild('a')
        expect(system.get('the-a')).toBeUndefined()
        await supervisor.restartChild('a')
      },
    ]) {
      const before: unknown = system.get('the-a')
      await act()
      expect(system.get('the-a')).toBe(refOf(supervisor, 'a'))
      expect(system.get('the-a')).not.toBe(before)
    }
    await expect(supervisor.startChild(puppet('c', { systemId: 'the-b' }))).rejects.toMatchObject({
      code: 'child_start_failed',
    })
    await supervisor.stop()
    expect(system.get('the-b')).toBeUndefined()
  })
})

/** One child ends. What is expected: it is replaced, it stays without an actor, or it is forgotten. */
async function expectEnd(
  restart: RestartType,
  event: Pull,
  expected: 'replaced' | 'kept' | 'forgotten',
): Promise<void> {
  const { puppet, options, reports } = stage()
  const children = [puppet('a', { restart })]
  const supervisor = await startSupervisor({ strategy: 'one_for_one', children }, options)
  const before = refOf(supervisor, 'a')
  await pull(supervisor, 'a', event)
  expect(counts(supervisor)).toEqual(
    { replaced: [1, 1, 0, 1], kept: [1, 0, 0, 1], forgotten: [0, 0, 0, 0] }[expected],
  )
  if (expected === 'replaced') expect(refOf(supervisor, 'a')).not.toBe(before)
  const reported = reports.some(({ type }) => type === 'child_terminated')
  expect(reported).toBe(expected === 'replaced' || event === crash)
}

describe('restart types', () => {
  test('43 permanent_normal: it is replaced', () => expectEnd('permanent', finish, 'replaced'))
  test('44 transient_normal: it is kept', () => expectEnd('transient', finish, 'kept'))
  test('45 temporary_normal: it is forgotten', () => expectEnd('temporary', finish, 'forgotten'))
  test('46 permanent_shutdown: it is replaced', () => expectEnd('permanent', leave, 'replaced'))
  test('46 permanent_shutdown: whatever its reason', () => expectEnd('permanent', leaveFor, 'replaced'))
  test('47 transient_shutdown: it is kept', () => expectEnd('transient', leave, 'kept'))
  test('47 transient_shutdown: whatever its reason', () => expectEnd('transient', leaveFor, 'kept'))
  test('48 temporary_shutdown: it is forgotten', () => expectEnd('temporary', leave, 'forgotten'))
  test('48 temporary_shutdown: whatever its reason', () => expectEnd('temporary', leaveFor, 'forgotten'))
  test('50 permanent_abnormal: it is replaced', () => expectEnd('permanent', crash, 'replaced'))
  test('51 transient_abnormal: it is replaced', () => expectEnd('transient', crash, 'replaced'))
  test('52 temporary_abnormal: it is forgotten', () => expectEnd('temporary', crash, 'forgotten'))
})

describe('the budget', () => {
  test('89 budget: with intensity I and period P, I restarts go through and one more does not; the edge counts', async () => {
    const on = stage()
    const supervisor = await three(on, 'one_for_one', { maxRestarts: 2, maxSeconds: 5 })
    await pull(supervisor, 'a', crash)
    on.clock.advance(2500)
    await pull(supervisor, 'b', crash)
    // The first restart is 5001 ms ago when the next one comes: it counts no more.
    on.clock.advance(2501)
    await pull(supervisor, 'a', crash)
    expect(states(supervisor)).toMatchObject({ a: 'running' })
    // The one at 2500 is exactly 5000 ms ago: it still counts.
    on.clock.advance(2499)
    await pull(supervisor, 'a', crash)
    expect(await supervisor.exited()).toEqual(GAVE_UP)
  })

  test('89 budget: by default one restart in five seconds', async () => {
    const { puppet, options, clock } = stage()
    const supervisor = await startSupervisor({ strategy: 'one_for_one', children: [puppet('a')] }, options)
    await pull(supervisor, 'a', crash)
    clock.advance(5001)
    await pull(supervisor, 'a', crash)
    expect(states(supervisor)).toEqual({ a: 'running' })
    clock.advance(5000)
    await pull(supervisor, 'a', crash)
    expect(await supervisor.exited()).toEqual(GAVE_UP)
  })

  test('90 charged attempts: each failed attempt is charged, and admin calls come in between', async () => {
    const on = stage()
    const supervisor = await three(on, 'one_for_one', { maxRestarts: 3 })
    on.fails.set('a', 2)
    await pull(supervisor, 'a', crash)
    await supervisor.startChild(on.puppet('d'))
    expect(states(supervisor)).toMatchObject({ a: 'restarting', d: 'running' })
    on.clock.advance(0)
    await settle()
    await supervisor.terminateChild('d')
    on.clock.advance(0)
    await settle()
    expect(on.news()).toEqual(['!a', '+d', '!a', '-d', '+a'])
    await pull(supervisor, 'a', crash)
    expect(await supervisor.exited()).toEqual(GAVE_UP)
  })

  test('93 exhaustion: it is a shutdown, so a transient supervisor stays down and a permanent one comes back', async () => {
    const { puppet, options, clock } = stage()
    const inner = (id: string): ReturnType<typeof supervisorLogic> =>
      supervisorLogic({ strategy: 'one_for_one', maxRestarts: 0, children: [puppet(id)] })
    const children: ChildInput[] = [
      { id: 'transient', start: inner('x'), restart: 'transient' },
      { id: 'permanent', start: inner('y') },
    ]
    const supervisor = await startSupervisor({ strategy: 'one_for_one', children }, options)
    const [first, second] = [refOf(supervisor, 'transient'), refOf(supervisor, 'permanent')]
    await pull(supervisorOf(first), 'x', crash)
    await pull(supervisorOf(second), 'y', crash)
    expect(states(supervisor)).toEqual({ permanent: 'running', transient: 'stopped' })
    expect(refOf(supervisor, 'permanent')).not.toBe(second)
    expect(clock.armed).toBe(0)
  })

  test('96 stale exit: the end of an old life is ignored when a new one is there', async () => {
    const on = stage()
    const supervisor = await three(on, 'one_for_all')
    const [a, b] = [refOf(supervisor, 'a'), refOf(supervisor, 'b')]
    // Both end before the supervisor comes to either: the second is replaced with the first.
    a.send(crash)
    b.send(crash)
    await settle()
    expect(on.news()).toEqual(['-c', '+a', '+b', '+c'])
    await pull(supervisor, 'c', crash)
    expect(states(supervisor)).toEqual({ a: 'running', b: 'running', c: 'running' })
  })

  test('103 try again: a restart may itself fail, and then succeed within the budget', async () => {
    const on = stage()
    const supervisor = await three(on, 'one_for_one')
    on.fails.set('b', 1)
    await pull(supervisor, 'b', crash)
    expect(states(supervisor)).toMatchObject({ b: 'restarting' })
    on.clock.advance(0)
    await settle()
    expect(states(supervisor)).toMatchObject({ b: 'running' })
  })
})
