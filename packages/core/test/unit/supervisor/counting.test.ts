import { fromCallback } from 'xstate'
import { expect, test } from 'vitest'
import {
  startDynamicSupervisor,
  startSupervisor,
  type Strategy,
  supervisorLogic,
} from '../../../src/index.ts'
import { isForgotten } from '../../support/heap.ts'
import { counts, crash, pull, refOf, settle, stage, states } from '../../support/puppet.ts'

const idle = fromCallback(() => undefined)

test('56 count_children: a thousand children, then two thousand, and both ways of counting agree', async () => {
  const supervisor = await startDynamicSupervisor({ template: { start: idle } })
  for (const many of [1000, 2000]) {
    for (let each = many - 1000; each < many; each += 1) void supervisor.startChild()
    await supervisor.startChild().then(async ({ ref }) => supervisor.terminateChild(ref!))
    for (let look = 0; look < 2; look += 1) {
      expect(counts(supervisor)).toEqual([1, many, 0, many])
      expect(supervisor.whichChildren()).toHaveLength(many)
    }
  }
  await supervisor.stop()
})

test('57 count_children_supervisor: the same of supervisors', async () => {
  const nested = supervisorLogic({ strategy: 'one_for_one' })
  const supervisor = await startDynamicSupervisor({ template: { start: nested, type: 'supervisor' } })
  for (let each = 0; each < 1000; each += 1) await supervisor.startChild()
  expect(counts(supervisor)).toEqual([1, 1000, 1000, 0])
  await supervisor.stop()
})

test('58 count_restarting_children: those that restart are workers, not active, and can be terminated', async () => {
  const { puppet, options, fails, clock } = stage()
  const children = [puppet('a'), puppet('b')]
  const supervisor = await startSupervisor({ strategy: 'one_for_one', maxRestarts: 9, children }, options)
  for (const id of ['a', 'b']) {
    fails.set(id, Infinity)
    await pull(supervisor, id, crash)
  }
  expect(counts(supervisor)).toEqual([2, 0, 0, 2])
  await supervisor.terminateChild('a')
  expect(states(supervisor)).toEqual({ b: 'restarting', a: 'stopped' })
  await supervisor.terminateChild('b')
  expect(counts(supervisor)).toEqual([2, 0, 0, 2])
  expect(clock.armed).toBe(0)
})

test('a child that has ended is not active, even before the supervisor has come to it', async () => {
  const { puppet, options } = stage()
  const supervisor = await startSupervisor({ strategy: 'one_for_one', children: [puppet('a')] }, options)
  refOf(supervisor, 'a').send(crash)
  expect(counts(supervisor)).toEqual([1, 0, 0, 1])
  await settle()
  expect(counts(supervisor)).toEqual([1, 1, 0, 1])
})

test('60 do_not_save_start_parameters_for_temporary_children: what they were started with is not kept', async () => {
  for (const strategy of ['one_for_one', 'one_for_all', 'rest_for_one'] satisfies Strategy[]) {
    const { puppet, options } = stage()
    const supervisor = await startSupervisor({ strategy }, options)
    await supervisor.startChild(puppet('a', { restart: 'temporary' }))
    expect(supervisor.childSpec('a')).toMatchObject({ start: undefined, input: undefined })
    await supervisor.startChild(puppet('b', { restart: 'transient' }))
    expect(supervisor.childSpec('b').input).toMatchObject({ name: 'b' })
  }
})

test('39 simple_one_for_one_corruption: when a temporary child has ended, nothing holds what it was started with', async () => {
  const { clock, options } = stage()
  const supervisor = await startDynamicSupervisor({}, options)
  async function live(): Promise<WeakRef<object>> {
    const input = { weight: Array.from({ length: 1000 }, () => 'heavy') }
    const logic = fromCallback<{ type: 'x' }, typeof input>(() => undefined)
    const { ref } = await supervisor.startChild({ start: logic, input, restart: 'temporary' })
    ref?.send({ type: 'xstate.stop' } as never)
    await settle()
    return new WeakRef(input)
  }
  const held = await live()
  clock.advance(0)
  expect(counts(supervisor)).toEqual([0, 0, 0, 0])
  expect(await isForgotten(held)).toBe(true)
})

test('62 simple_one_for_one_scale_many_temporary_children: ten thousand stop about ten times as slowly as one thousand', async () => {
  const stopping = async (many: number): Promise<number> => {
    const supervisor = await startDynamicSupervisor({ template: { start: idle, restart: 'temporary' } })
    for (let each = 0; each < many; each += 1) await supervisor.startChild()
    const began = performance.now()
    await supervisor.stop()
    return performance.now() - began
  }
  await stopping(1000)
  // The shortest of several is what it takes when nothing else wants the processor, however long that takes to come about.
  let [few, many] = [Infinity, Infinity]
  for (let round = 0; round < 20 && (round < 3 || many / few > 50); round += 1) {
    few = Math.min(few, await stopping(1000))
    many = Math.min(many, await stopping(10_000))
  }
  expect(many / few).toBeLessThanOrEqual(50)
})

test('72 scale_start_stop_many_children: starting and stopping is linear in the number of children', async () => {
  const life = async (many: number): Promise<number> => {
    const children = Array.from({ length: many }, (_, each) => ({ id: String(each), start: idle }))
    const began = performance.now()
    const supervisor = await startSupervisor({ strategy: 'one_for_one', children })
    await supervisor.stop()
    return performance.now() - began
  }
  await life(1000)
  const few = Math.min(await life(1000), await life(1000), await life(1000))
  const many = Math.min(await life(10_000), await life(10_000), await life(10_000))
  expect(many / few).toBeLessThanOrEqual(100)
})
