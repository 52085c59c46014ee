import { createActor, fromCallback, fromObservable, fromPromise, fromTransition, setup, sendTo } from 'xstate'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  ignore,
  type OvermindError,
  Shutdown,
  startDynamicSupervisor,
  startSupervisor,
  supervisorLogic,
  supervisorOf,
} from '../../../src/index.ts'
import { counts, crash, pull, refOf, settle, stage, states } from '../../support/puppet.ts'

/** What reached the process without anybody handling it. */
const unhandled: unknown[] = []
const note = (error: unknown): void => void unhandled.push(error)
let listeners: NodeJS.UncaughtExceptionListener[]
beforeEach(() => {
  listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', note)
})
afterEach(async () => {
  await new Promise((resolve) => setTimeout(resolve, 5))
  process.removeAllListeners('uncaughtException')
  for (const listener of listeners) process.on('uncaughtException', listener)
  const [first] = unhandled.splice(0)
  if (first !== undefined) throw new Error('an error reached the process', { cause: first })
})

test('every kind of logic is restarted when it fails, and nothing reaches the process', async () => {
  const { options } = stage()
  const starts: string[] = []
  const failing = { type: 'fail' } as const
  const machine = setup({ types: { events: {} as { type: 'fail' } } }).createMachine({
    entry: () => void starts.push('machine'),
    on: {
      fail: {
        actions: () => {
          throw new Error('in an action')
        },
      },
    },
  })
  const callback = fromCallback<{ type: 'fail' }>(({ receive }) => {
    starts.push('callback')
    receive(() => {
      throw new Error('in a callback')
    })
  })
  const transition = fromTransition<number, { type: 'fail' }, never, undefined>(
    () => {
      throw new Error('in a transition')
    },
    () => starts.push('transition'),
  )
  const gates: ((error: unknown) => void)[] = []
  const promise = fromPromise(() => {
    starts.push('promise')
    return new Promise<void>((_, reject) => void gates.push(reject))
  })
  const observable = fromObservable(() => ({
    subscribe: (observer) => {
      starts.push('observable')
      const { error } = observer as { error?: (error: unknown) => void }
      gates.push((reason) => error?.(reason))
      return { unsubscribe: () => undefined }
    },
  }))
  const supervisor = await startSupervisor(
    {
      strategy: 'one_for_one',
      maxRestarts: 5,
      children: [
        { id: 'machine', start: machine },
        { id: 'callback', start: callback },
        { id: 'transition', start: transition },
        { id: 'promise', start: promise },
        { id: 'observable', start: observable },
      ],
    },
    options,
  )
  starts.length = 0
  for (const id of ['machine', 'callback', 'transition']) {
    refOf(supervisor, id).send(failing)
    await settle()
  }
  for (const gate of gates.splice(0)) gate(new Error('rejected'))
  await settle()
  expect(starts.toSorted()).toEqual(['callback', 'machine', 'observable', 'promise', 'transition'])
  expect(counts(supervisor)).toEqual([5, 5, 0, 5])
  await supervisor.stop()
})

test('a machine that throws leaves nothing of what it invoked behind', async () => {
  const { options } = stage()
  let alive = 0
  const invoked = fromCallback(() => {
    alive += 1
    return () => {
      alive -= 1
    }
  })
  const machine = setup({ types: { events: {} as { type: 'fail' } }, actors: { invoked } }).createMachine({
    invoke: { src: 'invoked' },
    on: {
      fail: {
        actions: () => {
          throw new Error('boom')
        },
      },
    },
  })
  const supervisor = await startSupervisor(
    { strategy: 'one_for_one', children: [{ id: 'a', start: machine }] },
    options,
  )
  refOf(supervisor, 'a').send({ type: 'fail' })
  await settle()
  expect(states(supervisor)).toEqual({ a: 'running' })
  expect(alive).toBe(1)
  await supervisor.stop()
  expect(alive).toBe(0)
})

test('a supervisor that gives up is an error of its actor, not of the process', async () => {
  const { puppet, options } = stage()
  const logic = supervisorLogic({ strategy: 'one_for_one', maxRestarts: 0, children: [puppet('a')] })
  const actor = createActor(logic).start()
  await settle()
  supervisorOf(actor).whichChildren()[0]?.ref?.send(crash)
  expect(await supervisorOf(actor).exited()).toEqual({
    kind: 'shutdown',
    reason: 'reached_max_restart_intensity',
  })
  expect(actor.getSnapshot()).toMatchObject({ status: 'error', error: expect.any(Shutdown), phase: 'ended' })

  const root = await startSupervisor(
    { strategy: 'one_for_one', maxRestarts: 0, children: [puppet('b')] },
    options,
  )
  await pull(root, 'b', crash)
  expect((await root.exited()).kind).toBe('shutdown')
})

test('inspection sees every actor with its parent, across restarts and nested supervisors', async () => {
  const { puppet, options } = stage()
  const parents = new Map<string, string[]>()
  const inner = supervisorLogic({ strategy: 'one_for_one', children: [puppet('leaf')] })
  const supervisor = await startSupervisor(
    { strategy: 'one_for_one', children: [{ id: 'inner', start: inner }, puppet('worker')] },
    {
      ...options,
      inspect: (event) => {
        if (event.type !== '@xstate.actor') return
        const { id, _parent: parent } = event.actorRef as typeof supervisor.ref
        parents.set(id, [...(parents.get(id) ?? []), parent?.id ?? ''])
      },
    },
  )
  await pull(supervisor, 'worker', crash)
  expect(Object.fromEntries(parents)).toEqual({
    root: [''],
    inner: ['root'],
    leaf: ['inner'],
    worker: ['root', 'root'],
  })
})

test('a machine can invoke a supervisor: it ends with it, and learns when it has given up or is done', async () => {
  const { puppet, log } = stage()
  const team = supervisorLogic({ strategy: 'one_for_one', maxRestarts: 0, children: [puppet('a')] })
  const machine = setup({
    types: { events: {} as { type: 'stop' } | { type: 'leave' } },
    actors: { team },
  }).createMachine({
    initial: 'working',
    states: {
      working: {
        invoke: { id: 'team', src: 'team', onDone: 'over', onError: 'failed' },
        on: { leave: 'left', stop: { actions: sendTo('team', { type: 'supervisor.stop' }) } },
      },
      over: {},
      failed: {},
      left: {},
    },
  })
  for (const [event, state] of [
    [{ type: 'stop' }, 'over'],
    [{ type: 'leave' }, 'left'],
    [undefined, 'failed'],
  ] as const) {
    const actor = createActor(machine).start()
    await settle()
    const ref = actor.getSnapshot().children.team
    if (event === undefined) supervisorOf(ref).whichChildren()[0]?.ref?.send(crash)
    else actor.send(event)
    await settle()
    expect(actor.getSnapshot().value).toBe(state)
    actor.stop()
  }
  expect(log).toEqual(['+a', '-a', '+a', '-a', '+a'])
})

test('delays of actors below follow the clock of the root', async () => {
  const { options, clock } = stage()
  const machine = setup({}).createMachine({
    initial: 'waiting',
    states: { waiting: { after: { 1000: 'over' } }, over: { type: 'final' } },
  })
  const supervisor = await startSupervisor(
    { strategy: 'one_for_one', children: [{ id: 'a', start: machine, restart: 'transient' }] },
    options,
  )
  clock.advance(999)
  await settle()
  expect(states(supervisor)).toEqual({ a: 'running' })
  clock.advance(1)
  await settle()
  expect(states(supervisor)).toEqual({ a: 'stopped' })
})

test('an init function is given the input of the child, at each start', async () => {
  const { puppet, options, log } = stage()
  const team = supervisorLogic((input: { readonly size: number }) =>
    input.size === 0
      ? ignore
      : {
          strategy: 'one_for_one',
          children: Array.from({ length: input.size }, (_, each) => puppet(`w${each}`)),
        },
  )
  const supervisor = await startSupervisor(
    {
      strategy: 'one_for_one',
      children: [
        { id: 'two', start: team, input: { size: 2 } },
        { id: 'none', start: team, input: { size: 0 } },
      ],
    },
    options,
  )
  expect(log).toEqual(['+w0', '+w1'])
  expect(states(supervisor)).toEqual({ none: 'stopped', two: 'running' })
  expect(() => supervisorOf(undefined)).toThrow(expect.objectContaining({ code: 'not_a_supervisor' }))
})

test('print shows the tree, and no more of many children than a screen takes', async () => {
  const { puppet, options } = stage()
  const inner = supervisorLogic({
    strategy: 'rest_for_one',
    maxRestarts: 2,
    children: [puppet('x'), puppet('y')],
  })
  const supervisor = await startSupervisor(
    {
      strategy: 'one_for_one',
      children: [puppet('a'), { id: 'inner', start: inner }, puppet('b', { restart: 'transient' })],
    },
    options,
  )
  await supervisor.terminateChild('b')
  expect(supervisor.print().split('\n')).toEqual([
    'root supervisor one_for_one, 1 restart in 5 s, running',
    '├─ a permanent worker, running',
    '├─ inner supervisor rest_for_one, 2 restarts in 5 s, running, permanent',
    '│  ├─ x permanent worker, running',
    '│  └─ y permanent worker, running',
    '└─ b transient worker, stopped',
  ])
  expect(String(supervisor)).toBe(supervisor.print())

  const many = await startDynamicSupervisor({ maxChildren: 100 }, options)
  for (let each = 0; each < 60; each += 1) await many.startChild(puppet('w'))
  const lines = many.print().split('\n')
  expect(lines[0]).toBe('root dynamic supervisor, 3 restarts in 5 s, 100 children at most, running')
  expect(lines).toHaveLength(52)
  expect(lines.at(-1)).toBe('└─ … 10 more')
})

test('a broken start function is a failure to start, whatever it returns or throws', async () => {
  const supervisor = await startDynamicSupervisor()
  const failures: unknown[] = []
  for (const start of [() => undefined, () => null, () => ({}), () => ({ logic: 7 })]) {
    const wrong = { start } as unknown as Parameters<typeof supervisor.startChild>[0]
    await supervisor.startChild(wrong).catch((error: OvermindError) => failures.push(error.code))
  }
  expect(failures).toEqual(Array.from({ length: 4 }, () => 'child_start_failed'))
})
