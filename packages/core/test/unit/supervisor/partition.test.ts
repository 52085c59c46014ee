import { availableParallelism } from 'node:os'
import { expect, test } from 'vitest'
import {
  type PartitionSupervisor,
  type PartitionSupervisorOptions,
  partitionSupervisorLogic,
  partitionSupervisorOf,
  startPartitionSupervisor,
  startSupervisor,
} from '../../../src/index.ts'
import { counts, crash, type PuppetLogic, settle, stage, type Stage } from '../../support/puppet.ts'

const start = (
  on: Stage,
  more: Partial<PartitionSupervisorOptions<PuppetLogic>> = {},
): Promise<PartitionSupervisor<PuppetLogic>> =>
  startPartitionSupervisor(
    {
      child: (partition) => {
        const { id: _, significant: __, ...rest } = on.puppet(`p${partition}`)
        return rest
      },
      ...more,
    },
    on.options,
  )

test('108 PartitionSupervisor: one partition for each core by default, and a key always leads to the same', async () => {
  const supervisor = await start(stage())
  expect(supervisor.partitions()).toBe(availableParallelism())
  const four = await start(stage(), { partitions: 4 })
  expect(counts(four)).toEqual([4, 4, 0, 4])
  expect([0, 1, 5, -6, 4].map((key) => four.at(key).id)).toEqual(['0', '1', '1', '2', '0'])
  const names = Array.from({ length: 100 }, (_, each) => `user:${each}`)
  expect(names.map((name) => four.at(name))).toEqual(names.map((name) => four.at(name)))
  expect(new Set(names.map((name) => four.at(name).id)).size).toBe(4)
})

test('108 PartitionSupervisor: it is resized both ways within what there was at first', async () => {
  const on = stage()
  const supervisor = await start(on, { partitions: 3 })
  on.news()
  await supervisor.resize(1)
  expect(on.news()).toEqual(['-p2', '-p1'])
  expect(counts(supervisor)).toEqual([3, 1, 0, 3])
  expect(supervisor.at(5).id).toBe('0')
  await supervisor.resize(0)
  expect(() => supervisor.at(5)).toThrow(expect.objectContaining({ code: 'child_not_found' }))
  await Promise.all([supervisor.resize(3), supervisor.resize(2)])
  expect(on.news()).toEqual(['-p0', '+p0', '+p1', '+p2', '-p2'])
  expect(supervisor.partitions()).toBe(2)
  for (const wrong of [4, -1, 1.5]) {
    await expect(supervisor.resize(wrong)).rejects.toMatchObject({ code: 'invalid_supervisor', value: wrong })
  }
})

test('108 PartitionSupervisor: a partition is restarted in its place, and a failed resize says so', async () => {
  const on = stage()
  const supervisor = await start(on, { partitions: 2 })
  const before = supervisor.at(1)
  before.send(crash)
  await settle()
  expect(supervisor.at(1)).not.toBe(before)
  await supervisor.resize(1)
  on.fails.set('p1', 1)
  await expect(supervisor.resize(2)).rejects.toMatchObject({ code: 'child_start_failed' })
  expect(supervisor.partitions()).toBe(1)
  await supervisor.resize(2)
  expect(supervisor.partitions()).toBe(2)
})

test('108 PartitionSupervisor: what is wrong about its options is named', async () => {
  for (const [field, value] of [
    ['partitions', 0],
    ['partitions', 'many'],
    ['child', {}],
    ['autoShutdown', 'any_significant'],
    ['maxSeconds', 0],
  ] as const) {
    const options = { [field]: value } as Partial<PartitionSupervisorOptions<PuppetLogic>>
    await expect(start(stage(), options)).rejects.toMatchObject({ code: 'invalid_supervisor', field, value })
  }
})

test('a partition supervisor is a child like any other', async () => {
  const on = stage()
  const { input, start: begin } = on.puppet('p')
  const logic = partitionSupervisorLogic({ partitions: 2, child: () => ({ start: begin, input }) })
  const above = await startSupervisor({ strategy: 'one_for_one', children: [{ id: 'pool', start: logic }] })
  const pool = partitionSupervisorOf(above.whichChildren()[0]?.ref)
  expect(pool.at(1).id).toBe('1')
  expect(() => partitionSupervisorOf(above.ref)).toThrow(
    expect.objectContaining({ code: 'not_a_supervisor' }),
  )
  await above.stop()
  expect(on.log).toEqual(['+p', '+p', '-p', '-p'])
})
