import { type CallbackActorLogic, fromCallback } from 'xstate'
import { expect, test } from 'vitest'
import { startDynamicSupervisor, startSupervisor } from '../../src/index.ts'
import { steppingClock } from '../fakes/stepping-clock.ts'
import { heapUsed } from '../support/heap.ts'

const MILLION = 1_000_000
/** What the heap of an idle process varies by, and far less than a byte for each of a million. */
const SLACK = 2 ** 20 * 0.75

type Logic = CallbackActorLogic<{ type: 'fail' }, number[]>
const failing: Logic = fromCallback(({ receive }) => {
  receive(() => {
    throw new Error('boom')
  })
})

test('a million restarts leave the heap where it was', async () => {
  const clock = steppingClock()
  const supervisor = await startSupervisor(
    {
      strategy: 'one_for_one',
      maxRestarts: 10,
      children: [{ id: 'a', start: failing, input: [] }],
    },
    { clock },
  )
  async function restart(times: number): Promise<void> {
    for (let each = 0; each < times; each += 1) {
      supervisor.whichChildren()[0]?.ref?.send({ type: 'fail' })
      clock.advance(1000)
      await supervisor.reconfigure({})
    }
  }
  await restart(10_000)
  const before = await heapUsed()
  await restart(MILLION)
  expect((await heapUsed()) - before).toBeLessThan(SLACK)
  expect(supervisor.countChildren().active).toBe(1)
  await supervisor.stop()
})

test('a million temporary children leave the heap where it was', async () => {
  const supervisor = await startDynamicSupervisor({ template: { start: failing, restart: 'temporary' } })
  async function live(times: number): Promise<void> {
    for (let each = 0; each < times; each += 1) {
      const { ref } = await supervisor.startChild([each])
      ref?.send({ type: 'fail' })
    }
    await supervisor.reconfigure({})
  }
  await live(10_000)
  const before = await heapUsed()
  await live(MILLION)
  expect((await heapUsed()) - before).toBeLessThan(SLACK)
  expect(supervisor.whichChildren()).toEqual([])
  await supervisor.stop()
})
