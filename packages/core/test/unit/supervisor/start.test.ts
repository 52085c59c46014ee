import { fromCallback, fromPromise } from 'xstate'
import { describe, expect, test } from 'vitest'
import {
  ignore,
  OvermindError,
  Shutdown,
  startSupervisor,
  type Supervisor,
  supervisorLogic,
  type SupervisorOptions,
} from '../../../src/index.ts'
import { counts, pull, settle, stage, states } from '../../support/puppet.ts'

const idle = fromCallback(() => undefined)

describe('start and init', () => {
  test('1 sup_start_normal: an empty supervisor starts, and ends with shutdown when told to', async () => {
    const supervisor = await startSupervisor({ strategy: 'one_for_one' })
    expect(await supervisor.stop()).toEqual({ kind: 'shutdown', reason: undefined })
    expect(await supervisor.exited()).toEqual({ kind: 'shutdown', reason: undefined })
  })

  test('2 sup_start_ignore_init: an init that ignores is answered with ignore, and nothing was wrong', async () => {
    const { options, reports } = stage()
    expect(await startSupervisor(() => ignore, options)).toBe(ignore)
    expect(reports).toEqual([])
    const child = supervisorLogic(() => ignore)
    const supervisor = await startSupervisor({
      strategy: 'one_for_one',
      children: [{ id: 'sub', start: child }],
    })
    expect(states(supervisor)).toEqual({ sub: 'stopped' })
  })

  test('3 sup_start_ignore_child: a child that ignores its start is kept without an actor', async () => {
    const { puppet, options, ignores } = stage()
    ignores.add('b')
    const supervisor = await startSupervisor({ strategy: 'one_for_one' }, options)
    await supervisor.startChild(puppet('a'))
    expect(await supervisor.startChild(puppet('b'))).toEqual({ ref: undefined, info: undefined })
    expect(counts(supervisor)).toEqual([2, 1, 0, 2])
    expect(supervisor.whichChildren().map(({ id, ref }) => [id, ref?.id])).toEqual([
      ['b', undefined],
      ['a', 'a'],
    ])
  })

  test('4 sup_start_ignore_temporary_child: a temporary one of the first children is not kept', async () => {
    const { puppet, options, ignores } = stage()
    ignores.add('b')
    const children = [puppet('a'), puppet('b', { restart: 'temporary' })]
    const supervisor = await startSupervisor({ strategy: 'one_for_one', children }, options)
    expect(counts(supervisor)).toEqual([1, 1, 0, 1])
  })

  test('5 sup_start_ignore_temporary_child_start_child: nor is one that is added', async () => {
    const { puppet, options, ignores } = stage()
    ignores.add('b')
    const supervisor = await startSupervisor({ strategy: 'one_for_one' }, options)
    expect((await supervisor.startChild(puppet('b', { restart: 'temporary' }))).ref).toBeUndefined()
    expect(counts(supervisor)).toEqual([0, 0, 0, 0])
  })

  test('8 sup_start_error_return: options that are wrong are refused, by the supervisor above as well', async () => {
    const wrong = { strategy: 'best_effort' } as unknown as SupervisorOptions
    await expect(startSupervisor(wrong)).rejects.toMatchObject({
      code: 'invalid_supervisor',
      field: 'strategy',
    })
    await expect(
      startSupervisor({
        strategy: 'one_for_one',
        children: [{ id: 'sub', start: supervisorLogic(() => wrong) }],
      }),
    ).rejects.toMatchObject({ code: 'child_start_failed', cause: { code: 'invalid_supervisor' } })
  })

  test('9 sup_start_fail: what init throws is what the start fails with', async () => {
    const error = new Error('no configuration')
    const start = startSupervisor(() => {
      throw error
    })
    await expect(start).rejects.toBe(error)
  })

  test('10 sup_start_child_returns_error: a child that cannot start is not added, and the supervisor lives', async () => {
    const { puppet, options, fails, reports } = stage()
    const supervisor = await startSupervisor({ strategy: 'one_for_one' }, options)
    fails.set('a', 1)
    await expect(supervisor.startChild(puppet('a'))).rejects.toMatchObject({
      code: 'child_start_failed',
      value: 'a',
      cause: { message: 'a cannot start' },
    })
    const junk = { id: 'b', start: () => 'junk' } as unknown as Parameters<Supervisor['startChild']>[0]
    await expect(supervisor.startChild(junk)).rejects.toMatchObject({ code: 'child_start_failed' })
    expect(counts(supervisor)).toEqual([0, 0, 0, 0])
    expect(reports).toEqual([])
    await supervisor.startChild(puppet('a'))
  })

  test('11 sup_start_restart_child_returns_error: a restart by hand that fails leaves the child, and charges nothing', async () => {
    const { puppet, options, fails } = stage()
    const supervisor = await startSupervisor(
      { strategy: 'one_for_one', maxRestarts: 0, children: [puppet('a')] },
      options,
    )
    await supervisor.terminateChild('a')
    for (let round = 0; round < 3; round += 1) {
      fails.set('a', 1)
      await expect(supervisor.restartChild('a')).rejects.toMatchObject({ code: 'child_start_failed' })
      expect(states(supervisor)).toEqual({ a: 'stopped' })
    }
    await supervisor.restartChild('a')
    expect(states(supervisor)).toEqual({ a: 'running' })
  })

  test('13 sup_start_map: what a description leaves out is filled in, and can be read', async () => {
    const nested = supervisorLogic({ strategy: 'one_for_one' })
    const supervisor = await startSupervisor({
      strategy: 'one_for_one',
      children: [
        { id: 'worker', start: idle },
        { id: 'nested', start: nested },
      ],
    })
    expect(supervisor.childSpec('worker')).toEqual({
      id: 'worker',
      start: idle,
      input: undefined,
      restart: 'permanent',
      shutdown: 5000,
      type: 'worker',
      significant: false,
      stopEvent: undefined,
      ready: undefined,
      startTimeout: undefined,
      systemId: undefined,
    })
    expect(supervisor.childSpec('nested')).toMatchObject({ type: 'supervisor', shutdown: 'infinity' })
    expect(() => supervisor.childSpec('nobody')).toThrow(expect.objectContaining({ code: 'child_not_found' }))
  })

  test('15 sup_start_map_faulty_specs: what is missing is named, and what is unknown is ignored', async () => {
    const withChild = (child: unknown): SupervisorOptions =>
      ({ strategy: 'one_for_one', children: [child] }) as SupervisorOptions
    const refusal = async (child: unknown): Promise<unknown> =>
      startSupervisor(withChild(child)).catch((error: unknown) => error)
    expect(await refusal({ start: idle })).toMatchObject({ code: 'invalid_child_spec', field: 'id' })
    expect(await refusal({ id: 'a' })).toMatchObject({ code: 'invalid_child_spec', field: 'start' })
    expect(await refusal('a')).toMatchObject({ code: 'invalid_child_spec', field: undefined })
    expect(await refusal(undefined)).toMatchObject({ code: 'invalid_child_spec', field: undefined })
    const supervisor = await startSupervisor(withChild({ id: 'a', start: idle, colour: 'green' }))
    expect(counts(supervisor)).toEqual([1, 1, 0, 1])
  })

  test('92 init failure: the children that have started are stopped in reverse, and the reason says which failed', async () => {
    const { puppet, options, fails, log, reports } = stage()
    fails.set('c', 1)
    const children = [puppet('a'), puppet('b'), puppet('c'), puppet('d')]
    const start = startSupervisor({ strategy: 'one_for_one', children }, options)
    await expect(start).rejects.toMatchObject({ code: 'child_start_failed', value: 'c' })
    expect(log).toEqual(['+a', '+b', '!c', '-b', '-a'])
    expect(reports.at(-1)).toMatchObject({ type: 'start_error', child: { id: 'c' } })
  })

  test('49 faulty_application_shutdown: a failed start travels up as a shutdown that names the child', async () => {
    const { puppet, options, fails } = stage()
    fails.set('deep', 1)
    const inner = supervisorLogic({ strategy: 'one_for_one', children: [puppet('deep')] })
    const start = startSupervisor(
      { strategy: 'one_for_one', children: [{ id: 'inner', start: inner }] },
      options,
    )
    const error: unknown = await start.catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(OvermindError)
    // The inner supervisor ended with a shutdown: its reason is what is passed on.
    expect(error).toMatchObject({
      value: 'inner',
      cause: { code: 'child_start_failed', value: 'deep', cause: { message: 'deep cannot start' } },
    })
  })
})

describe('asynchronous starts', () => {
  test('a child with `ready` has started when it holds, and the next one waits for it', async () => {
    const { options } = stage()
    const gate = Promise.withResolvers<void>()
    const slow = fromPromise(() => gate.promise)
    let settled = false
    const start = startSupervisor(
      {
        strategy: 'one_for_one',
        children: [
          { id: 'slow', start: slow, restart: 'transient', ready: ({ status }) => status === 'done' },
          { id: 'next', start: idle },
        ],
      },
      options,
    ).then((supervisor) => {
      settled = true
      return supervisor
    })
    await settle()
    expect(settled).toBe(false)
    gate.resolve()
    const supervisor = await start
    await settle()
    expect(states(supervisor)).toEqual({ next: 'running', slow: 'stopped' })
  })

  test('a child that ends before it is ready could not be started', async () => {
    const failing = fromPromise(() => Promise.reject(new Error('refused')))
    const ending = fromPromise(() => Promise.resolve())
    const leaving = fromPromise(() => Promise.reject(new Shutdown('no need')))
    const supervisor = await startSupervisor({ strategy: 'one_for_one' })
    const ready = (): boolean => false
    for (const [start, cause] of [
      [failing, { message: 'refused' }],
      [ending, { code: 'child_start_failed' }],
      [leaving, 'no need'],
    ] as const) {
      await expect(supervisor.startChild({ id: 'a', start, ready })).rejects.toMatchObject({
        code: 'child_start_failed',
        cause,
      })
    }
    expect(counts(supervisor)).toEqual([0, 0, 0, 0])
  })

  test('a child that is not ready in time is stopped, and could not be started', async () => {
    const { options, clock, puppet, log } = stage()
    const supervisor = await startSupervisor({ strategy: 'one_for_one' }, options)
    const start = supervisor.startChild(puppet('a', { ready: () => false, startTimeout: 300 }))
    const outcome = start.catch((error: unknown) => error)
    await settle()
    clock.advance(299)
    await settle()
    expect(log).toEqual(['+a'])
    clock.advance(1)
    expect(await outcome).toMatchObject({ code: 'child_start_failed', cause: { code: 'timeout' } })
    expect(log).toEqual(['+a', '-a'])
    expect(clock.armed).toBe(0)
  })

  test('what `ready` throws is a failure to start', async () => {
    const { options, puppet, log } = stage()
    const supervisor = await startSupervisor({ strategy: 'one_for_one' }, options)
    const error = new Error('no such context')
    const ready = (): boolean => {
      throw error
    }
    await expect(supervisor.startChild(puppet('a', { ready }))).rejects.toMatchObject({ cause: error })
    expect(log).toEqual(['+a', '-a'])
  })

  test('a supervisor is ready when its children are', async () => {
    const { options, clock, puppet } = stage()
    const inner = supervisorLogic({
      strategy: 'one_for_one',
      children: [puppet('a', { ready: () => clock.now().monotonic > 1_000_500, startTimeout: 1000 })],
    })
    const start = startSupervisor(
      { strategy: 'one_for_one', children: [{ id: 'inner', start: inner }] },
      options,
    )
    const outcome = start.catch((error: unknown) => error)
    await settle()
    clock.advance(1000)
    expect(await outcome).toMatchObject({ value: 'inner', cause: { value: 'a', cause: { code: 'timeout' } } })
  })

  test('a child that is done at once has started, and then ended normally', async () => {
    const { options, puppet, reports } = stage()
    const supervisor = await startSupervisor({ strategy: 'one_for_one', maxRestarts: 0 }, options)
    const { ref } = await supervisor.startChild({ ...puppet('a'), restart: 'transient' })
    await pull(supervisor, 'a', { type: 'finish', output: 42 })
    expect(ref?.getSnapshot().output).toBe(42)
    expect(states(supervisor)).toEqual({ a: 'stopped' })
    expect(reports.map(({ type }) => type)).toEqual(['progress'])
  })
})
