import { fromCallback } from 'xstate'
import { describe, expect, test } from 'vitest'
import {
  type AutoShutdown,
  type ChildInput,
  ignore,
  type RestartType,
  type ShutdownTime,
  startSupervisor,
  type Strategy,
  type SupervisorOptions,
} from '../../../src/index.ts'
import { counts, crash, finish, leave, pull, refOf, settle, stage, states } from '../../support/puppet.ts'

const idle = fromCallback(() => undefined)

test('23 child_adm: adding, terminating, restarting and deleting a child, in every order', async () => {
  const { puppet, options, log } = stage()
  const supervisor = await startSupervisor({ strategy: 'one_for_one', children: [puppet('a')] }, options)
  await expect(supervisor.startChild(puppet('a'))).rejects.toMatchObject({ code: 'child_already_started' })
  await supervisor.terminateChild('a')
  expect(states(supervisor)).toEqual({ a: 'stopped' })
  expect(counts(supervisor)).toEqual([1, 0, 0, 1])
  await supervisor.terminateChild('a')
  await expect(supervisor.terminateChild('b')).rejects.toMatchObject({ code: 'child_not_found', value: 'b' })
  await expect(supervisor.startChild(puppet('a'))).rejects.toMatchObject({ code: 'child_already_present' })
  const { ref } = await supervisor.restartChild('a')
  expect(refOf(supervisor, 'a')).toBe(ref)
  await expect(supervisor.restartChild('a')).rejects.toMatchObject({ code: 'child_running' })
  await expect(supervisor.restartChild('b')).rejects.toMatchObject({ code: 'child_not_found' })
  await expect(supervisor.deleteChild('a')).rejects.toMatchObject({ code: 'child_running' })
  await expect(supervisor.deleteChild('b')).rejects.toMatchObject({ code: 'child_not_found' })
  await supervisor.terminateChild('a')
  await supervisor.deleteChild('a')
  await expect(supervisor.restartChild('a')).rejects.toMatchObject({ code: 'child_not_found' })
  expect(counts(supervisor)).toEqual([0, 0, 0, 0])
  expect(log).toEqual(['+a', '-a', '+a', '-a'])

  await supervisor.stop()
  const refusal = { code: 'supervisor_ended' }
  await expect(supervisor.startChild(puppet('a'))).rejects.toMatchObject(refusal)
  await expect(supervisor.terminateChild('a')).rejects.toMatchObject(refusal)
  await expect(supervisor.restartChild('a')).rejects.toMatchObject(refusal)
  await expect(supervisor.deleteChild('a')).rejects.toMatchObject(refusal)
  await expect(supervisor.reconfigure({})).rejects.toMatchObject(refusal)
  expect(() => supervisor.whichChildren()).toThrow(expect.objectContaining(refusal))
  expect(() => supervisor.countChildren()).toThrow(expect.objectContaining(refusal))
  expect(() => supervisor.childSpec('a')).toThrow(expect.objectContaining(refusal))
})

test('25 extra_return: what a start function tells is passed on to who asked, and restarts need nobody to ask', async () => {
  const { options } = stage()
  let starts = 0
  const start = (): { logic: typeof idle; info: number } => ({ logic: idle, info: (starts += 1) })
  const supervisor = await startSupervisor({ strategy: 'one_for_one' }, options)
  expect((await supervisor.startChild({ id: 'a', start })).info).toBe(1)
  await supervisor.terminateChild('a')
  expect((await supervisor.restartChild('a')).info).toBe(2)
  refOf(supervisor, 'a').send({ type: 'xstate.stop' })
  await settle()
  expect(starts).toBe(3)
  expect(states(supervisor)).toEqual({ a: 'running' })
})

const BAD_FIELDS: readonly (readonly [field: string, value: unknown])[] = [
  ['id', 7],
  ['id', ''],
  ['start', { logic: idle }],
  ['start', 'idle'],
  ['restart', 'sometimes'],
  ['shutdown', -1],
  ['shutdown', Number.NaN],
  ['shutdown', 'kill'],
  ['type', 'manager'],
  ['significant', 'yes'],
  ['stopEvent', 'stop'],
  ['ready', true],
  ['startTimeout', 'soon'],
  ['systemId', 3],
]

test('26 child_specs: each field that is wrong is named, and two children cannot have one id', async () => {
  const supervisor = await startSupervisor({ strategy: 'one_for_one' })
  for (const [field, value] of BAD_FIELDS) {
    const children = [{ id: 'a', start: idle, [field]: value } as unknown as ChildInput]
    const refusal = { code: 'invalid_child_spec', field, value }
    await expect(startSupervisor({ strategy: 'one_for_one', children })).rejects.toMatchObject(refusal)
    await expect(supervisor.startChild(children[0]!)).rejects.toMatchObject(refusal)
  }
  const children = [
    { id: 'a', start: idle },
    { id: 'a', start: idle },
  ]
  await expect(startSupervisor({ strategy: 'one_for_one', children })).rejects.toMatchObject({
    code: 'duplicate_child_id',
    value: 'a',
  })
})

test('27 child_specs_map: every combination of right values is taken, and a significant child needs its reasons', async () => {
  const restarts: RestartType[] = ['permanent', 'transient', 'temporary']
  const shutdowns: ShutdownTime[] = ['brutal_kill', 'infinity', 0, 5000]
  const types = ['worker', 'supervisor'] as const
  let taken = 0
  for (const restart of restarts) {
    for (const shutdown of shutdowns) {
      for (const type of types) {
        const child: ChildInput = { id: 'a', start: idle, restart, shutdown, type }
        const supervisor = await startSupervisor({ strategy: 'one_for_one', children: [child] })
        expect(supervisor.childSpec('a')).toMatchObject({ restart, shutdown, type })
        await supervisor.stop()
        taken += 1
      }
    }
  }
  expect(taken).toBe(24)
  const refused = { code: 'significant_not_allowed', field: 'significant', value: 'a' }
  const transient: ChildInput = { id: 'a', start: idle, restart: 'transient', significant: true }
  const permanent = { ...transient, restart: 'permanent' } as unknown as ChildInput
  await expect(startSupervisor({ strategy: 'one_for_one', children: [transient] })).rejects.toMatchObject(
    refused,
  )
  const any: SupervisorOptions = { strategy: 'one_for_one', autoShutdown: 'any_significant' }
  await expect(startSupervisor({ ...any, children: [permanent] })).rejects.toMatchObject(refused)
  const supervisor = await startSupervisor({ ...any, children: [transient] })
  await expect(supervisor.startChild({ ...permanent, id: 'b' })).rejects.toMatchObject({
    ...refused,
    value: 'b',
  })
})

test('28 sup_flags: each flag that is wrong is named, and unknown ones are ignored', async () => {
  const good = { strategy: 'one_for_one', colour: 'green' } as const
  for (const [field, value] of [
    ['strategy', 'simple_one_for_one'],
    ['maxRestarts', -1],
    ['maxRestarts', 1.5],
    ['maxRestarts', 'many'],
    ['maxSeconds', 0],
    ['maxSeconds', Infinity],
    ['maxSeconds', '5'],
    ['autoShutdown', 'always'],
  ] as const) {
    const options = { ...good, [field]: value } as unknown as SupervisorOptions
    await expect(startSupervisor(options)).rejects.toMatchObject({ code: 'invalid_supervisor', field, value })
  }
  await startSupervisor(good)
})

test('110 Supervisor.init: a strategy is required', async () => {
  const options = {} as SupervisorOptions
  await expect(startSupervisor(options)).rejects.toMatchObject({
    code: 'invalid_supervisor',
    field: 'strategy',
  })
})

test('61 do_not_save_child_specs_for_temporary_children: their ids are free at once, those of others are not', async () => {
  for (const strategy of ['one_for_one', 'one_for_all', 'rest_for_one'] satisfies Strategy[]) {
    for (const restart of ['permanent', 'transient', 'temporary'] satisfies RestartType[]) {
      for (const how of ['terminated', 'crash', 'normal', 'killed'] as const) {
        const { puppet, options } = stage()
        const supervisor = await startSupervisor({ strategy, maxRestarts: 9 }, options)
        await supervisor.startChild(puppet('a', { restart }))
        if (how === 'terminated') await supervisor.terminateChild('a')
        if (how === 'crash') await pull(supervisor, 'a', crash)
        if (how === 'normal') await pull(supervisor, 'a', finish)
        if (how === 'killed') {
          refOf(supervisor, 'a').send({ type: 'xstate.stop' })
          await settle()
        }
        const again = supervisor.startChild(puppet('a', { restart }))
        if (restart === 'temporary') await again
        else {
          const ended = how === 'terminated' || (restart === 'transient' && how !== 'crash')
          await expect(again).rejects.toMatchObject({
            code: ended ? 'child_already_present' : 'child_already_started',
          })
        }
        await supervisor.stop()
      }
    }
  }
})

test('64 hanging_restart_loop: while restarts fail the child can be looked at and terminated, not touched otherwise', async () => {
  const { puppet, options, fails, clock } = stage()
  const supervisor = await startSupervisor(
    { strategy: 'one_for_one', maxRestarts: 1000, children: [puppet('a')] },
    options,
  )
  fails.set('a', Infinity)
  await pull(supervisor, 'a', crash)
  for (let round = 0; round < 3; round += 1) {
    expect(states(supervisor)).toEqual({ a: 'restarting' })
    await expect(supervisor.startChild(puppet('a'))).rejects.toMatchObject({ code: 'child_already_present' })
    await expect(supervisor.restartChild('a')).rejects.toMatchObject({ code: 'child_restarting' })
    await expect(supervisor.deleteChild('a')).rejects.toMatchObject({ code: 'child_restarting' })
    clock.advance(0)
    await settle()
  }
  await supervisor.terminateChild('a')
  expect(states(supervisor)).toEqual({ a: 'stopped' })
  expect(clock.armed).toBe(0)

  fails.delete('a')
  await supervisor.restartChild('a')
  fails.set('a', Infinity)
  await pull(supervisor, 'a', crash)
  expect(states(supervisor)).toEqual({ a: 'restarting' })
  expect(await supervisor.stop()).toEqual({ kind: 'shutdown', reason: undefined })
  expect(clock.armed).toBe(0)
})

test('67 code_change: flags and descriptions change while it runs; nothing is started, stopped or lost', async () => {
  const { puppet, options, log } = stage()
  const children = [puppet('a'), puppet('b'), puppet('c')]
  const supervisor = await startSupervisor({ strategy: 'one_for_one', maxRestarts: 0, children }, options)
  const before = [refOf(supervisor, 'a'), refOf(supervisor, 'b')]
  await expect(supervisor.reconfigure({ strategy: 'best' as Strategy })).rejects.toMatchObject({
    code: 'invalid_supervisor',
  })
  await expect(
    supervisor.reconfigure({ maxRestarts: 9, children: [{ id: 'x' } as ChildInput] }),
  ).rejects.toMatchObject({ code: 'invalid_child_spec' })
  expect(supervisor.print()).toContain('one_for_one, 0 restarts')

  await supervisor.reconfigure({
    maxRestarts: 2,
    children: [puppet('n'), puppet('b', { restart: 'temporary' }), puppet('a', { shutdown: 7 })],
  })
  expect(supervisor.whichChildren().map(({ id, state }) => `${id} ${state}`)).toEqual([
    'c running',
    'a running',
    'b running',
    'n stopped',
  ])
  expect([refOf(supervisor, 'a'), refOf(supervisor, 'b')]).toEqual(before)
  expect(supervisor.childSpec('a').shutdown).toBe(7)
  expect(log).toEqual(['+a', '+b', '+c'])
  await pull(supervisor, 'b', crash)
  expect(states(supervisor)).toEqual({ n: 'stopped', a: 'running', c: 'running' })
  await pull(supervisor, 'a', crash)
  expect(states(supervisor)).toMatchObject({ a: 'running' })
  await supervisor.restartChild('n')
  await supervisor.stop()
  expect(log.slice(-3)).toEqual(['-c', '-a', '-n'])
})

test('68 code_change_map: a change of strategy holds from the next exit on, and what is not given stays', async () => {
  const { puppet, options, news } = stage()
  const children = [puppet('a'), puppet('b')]
  const supervisor = await startSupervisor({ strategy: 'one_for_one', maxRestarts: 3, children }, options)
  await supervisor.reconfigure({})
  await supervisor.reconfigure({ strategy: 'one_for_all' })
  news()
  await pull(supervisor, 'a', crash)
  expect(news()).toEqual(['-b', '+a', '+b'])
  expect(supervisor.print()).toContain('one_for_all, 3 restarts in 5 s')
})

/** Two significant children while the mode changes; nothing stops at the change, and later exits follow it. */
async function expectUpgrade(from: AutoShutdown, to: AutoShutdown): Promise<void> {
  const { puppet, options } = stage()
  const children = (mode: AutoShutdown): readonly ChildInput[] =>
    ['a', 'b'].map(
      (id) => ({ ...puppet(id), restart: 'temporary', significant: mode !== 'never' }) as ChildInput,
    )
  const supervisor = await startSupervisor(
    { strategy: 'one_for_one', autoShutdown: from, children: children(from) },
    options,
  )
  if (to === 'never') {
    const kept = supervisor.reconfigure({ autoShutdown: to, children: children(from) })
    await expect(kept).rejects.toMatchObject({ code: 'significant_not_allowed' })
  }
  await supervisor.reconfigure({ autoShutdown: to, children: children(to) })
  await settle()
  expect(states(supervisor)).toEqual({ b: 'running', a: 'running' })
  await pull(supervisor, 'a', leave)
  if (to !== 'any_significant') {
    expect(states(supervisor)).toEqual({ b: 'running' })
    await pull(supervisor, 'b', leave)
  }
  if (to === 'never') expect(states(supervisor)).toEqual({})
  else expect(await supervisor.exited()).toEqual({ kind: 'shutdown', reason: undefined })
}

describe('changes of autoShutdown', () => {
  test('82 significant_upgrade_never_any', () => expectUpgrade('never', 'any_significant'))
  test('83 significant_upgrade_any_never', () => expectUpgrade('any_significant', 'never'))
  test('84 significant_upgrade_never_all', () => expectUpgrade('never', 'all_significant'))
  test('85 significant_upgrade_all_never', () => expectUpgrade('all_significant', 'never'))
  test('86 significant_upgrade_any_all', () => expectUpgrade('any_significant', 'all_significant'))
  test('87 significant_upgrade_all_any', () => expectUpgrade('all_significant', 'any_significant'))
})

test('88 significant_upgrade_child: whether a child is significant can change while it runs', async () => {
  const { puppet, options } = stage()
  const child = (significant: boolean): ChildInput =>
    ({ ...puppet('a'), restart: 'transient', significant }) as ChildInput
  const supervisor = await startSupervisor(
    { strategy: 'one_for_one', autoShutdown: 'any_significant', children: [child(true)] },
    options,
  )
  await supervisor.reconfigure({ children: [child(false)] })
  await pull(supervisor, 'a', finish)
  expect(states(supervisor)).toEqual({ a: 'stopped' })
  await supervisor.restartChild('a')
  await supervisor.reconfigure({ children: [child(true)] })
  await pull(supervisor, 'a', finish)
  expect(await supervisor.exited()).toEqual({ kind: 'shutdown', reason: undefined })
})

test('91 manual starts: they are never charged', async () => {
  const { puppet, options } = stage()
  const supervisor = await startSupervisor({ strategy: 'one_for_one', maxRestarts: 0 }, options)
  await supervisor.startChild(puppet('a'))
  for (let round = 0; round < 5; round += 1) {
    await supervisor.terminateChild('a')
    await supervisor.restartChild('a')
  }
  expect(states(supervisor)).toEqual({ a: 'running' })
})

test('requests are done in the order in which they were made', async () => {
  const { puppet, options, log, ignores } = stage()
  ignores.add('i')
  const supervisor = await startSupervisor({ strategy: 'one_for_one' }, options)
  await Promise.all([
    supervisor.startChild(puppet('a')),
    supervisor.terminateChild('a'),
    supervisor.restartChild('a'),
    supervisor.terminateChild('a'),
    supervisor.deleteChild('a'),
    supervisor.startChild(puppet('a')),
    supervisor.startChild({ id: 'i', start: () => ignore }),
  ])
  expect(log).toEqual(['+a', '-a', '+a', '-a', '+a'])
})
