import { expect, test } from 'vitest'
import type { MissionId } from '../../src/index.ts'
import { createWorkWatch } from '../../src/process/work-watch.ts'
import { steppingClock } from '../fakes/stepping-clock.ts'

const RUN = { mission: '1a2b3c4d' as MissionId, run: 1 }

/** A run that is watched, and what it is found to have used at each look. */
function stage() {
  const clock = steppingClock()
  const faults: unknown[] = []
  let found: number | Error = 0
  const watch = createWorkWatch({
    clock,
    usage: async () => {
      if (found instanceof Error) throw found
      return new Map([['1a2b3c4d.1', { processes: 1, cpuMs: found, memoryBytes: 0 }]])
    },
    onFault: (error) => faults.push(error),
  })
  watch.add(RUN)
  return {
    watch,
    faults,
    /** What it is proved to be idle for after a look, so long after the one before. */
    async look(afterMs: number, cpuMs: number | Error) {
      clock.advance(afterMs)
      found = cpuMs
      watch.look()
      await new Promise(setImmediate)
      return watch.idleFor(RUN)
    },
  }
}

test('nothing is proved before the second look', async () => {
  const { watch, look } = stage()
  expect(watch.idleFor(RUN)).toBe(0)
  expect(await look(5000, 1000)).toBe(0)
  expect(await look(2000, 1000)).toBe(2000)
})

test('a twentieth of a processor is work, and less is not', async () => {
  const { look } = stage()
  await look(0, 0)
  expect(await look(2000, 99)).toBe(2000)
  expect(await look(2000, 199)).toBe(0)
  expect(await look(2000, 199)).toBe(2000)
})

test('a process that is gone with its time has ended, which is a sign of life', async () => {
  const { look } = stage()
  await look(0, 1000)
  expect(await look(2000, 400)).toBe(0)
})

test('a pause between two looks proves nothing', async () => {
  const { look } = stage()
  await look(0, 0)
  expect(await look(2000, 0)).toBe(2000)
  expect(await look(60_000, 0)).toBe(0)
})

test('a look that fails is told, and the next one counts', async () => {
  const { look, faults } = stage()
  await look(0, 0)
  expect(await look(2000, new Error('no /proc'))).toBe(0)
  expect(faults).toHaveLength(1)
  expect(await look(2000, 0)).toBe(4000)
})

test('a run that is not watched has nothing proved of it', async () => {
  const { watch, look } = stage()
  await look(0, 0)
  watch.remove(RUN)
  expect(watch.idleFor(RUN)).toBeNull()
})
