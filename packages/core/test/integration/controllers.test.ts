import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Control, Controller, Mission, Runtime, Work } from '../../src/index.ts'
import { eventually } from '../support/eventually.ts'
import { storyOf, textOf } from '../support/missions.ts'
import { openSuccession, type Succession } from '../support/succession.ts'

/** A controller that does what a test says, and what it was given and told. */
function puppet() {
  const begun: Work[] = []
  const told: string[] = []
  const ends: ((code: number) => void)[] = []
  const failures: ((error: Error) => void)[] = []
  const controller: Controller = {
    name: 'puppet',
    type: 'blueprint',
    begin(work): Control {
      begun.push(work)
      const { promise, resolve, reject } = Promise.withResolvers<number>()
      ends.push(resolve)
      failures.push(reject)
      return {
        over: promise,
        doing: () => [`It has begun ${begun.length}.`],
        end(how) {
          told.push(how)
          if (how === 'force') resolve(1)
        },
        leave: () => told.push('leave'),
      }
    },
  }
  return {
    controller,
    begun,
    told,
    end: (code: number) => ends.at(-1)?.(code),
    fail: (error: Error) => failures.at(-1)?.(error),
  }
}

const stageOf = (controller: Controller): Promise<Succession> => openSuccession({ controllers: [controller] })

const begin = (runtime: Runtime): Promise<Mission> =>
  runtime.start({ provider: 'puppet', type: 'blueprint', command: 'a plan', stopTimeoutMs: 200 })

test('a mission of a controller runs, logs and ends as any other', async () => {
  const { controller, begun, end } = puppet()
  await using stage = await stageOf(controller)
  const mission = await begin(stage.runtime())
  const work = await eventually(() => begun[0])
  expect(work).toMatchObject({ run: 1, resumed: false })
  expect(work.mission.id).toBe(mission.id)
  await eventually(() => mission.doing().includes('It has begun 1.'))
  work.log('one line')
  expect(mission.view().status).toBe('running')
  end(0)
  expect(await mission.exited()).toMatchObject({ class: 'completed', code: 0, receipt: { signals: [] } })
  expect(mission.doing()).toEqual([])
  work.log('too late')
  expect(await textOf(mission)).toBe('one line\n')
  expect(await storyOf(mission)).toEqual(
    expect.arrayContaining(['run.started', 'run.output', 'mission.exited']),
  )
})

test('its code says how it ended, and it can be started again', async () => {
  const { controller, begun, end } = puppet()
  await using stage = await stageOf(controller)
  const mission = await begin(stage.runtime())
  const work = await eventually(() => begun[0])
  work.log('what went wrong')
  end(3)
  expect(await mission.exited()).toMatchObject({
    class: 'crashed',
    code: 3,
    evidence: { tail: 'what went wrong\n' },
  })
  await mission.restart()
  expect(await eventually(() => begun[1])).toMatchObject({ run: 2, resumed: false })
  end(0)
  expect(await mission.exited()).toMatchObject({ class: 'completed', run: 2 })
})

test('it is asked to end, and then has to', async () => {
  const { controller, begun, told, end } = puppet()
  await using stage = await stageOf(controller)
  const [polite, rude] = [await begin(stage.runtime()), await begin(stage.runtime())]
  await eventually(() => begun.length === 2)
  const exit = rude.stop()
  await eventually(() => told.includes('ask'))
  expect(await exit).toMatchObject({
    class: 'stopped',
    receipt: { signals: [{ signal: 'SIGTERM' }, { signal: 'SIGKILL' }] },
  })
  expect(told).toEqual(['ask', 'force'])
  const killed = polite.kill()
  end(0)
  expect(await killed).toMatchObject({ class: 'killed' })
})

test('one that fails itself has crashed, and says why', async () => {
  const { controller, begun, fail } = puppet()
  await using stage = await stageOf(controller)
  const mission = await begin(stage.runtime())
  await eventually(() => begun[0])
  fail(new Error('a bug of its own'))
  expect(await mission.exited()).toMatchObject({ class: 'crashed', code: 70 })
  expect(await textOf(mission)).toBe('a bug of its own\n')
  expect(stage.faults).toHaveLength(1)
})

test('the next supervisor goes on with it in the same run', async () => {
  const { controller, begun, told, end } = puppet()
  await using stage = await stageOf(controller)
  const { id } = await begin(stage.runtime())
  ;(await eventually(() => begun[0])).log('before')
  await stage.takeOver()
  expect(told).toEqual(['leave'])
  const again = await eventually(() => begun[1])
  expect(again).toMatchObject({ run: 1, resumed: true })
  begun[0]?.log('from the grave')
  again.log('after')
  end(0)
  const mission = stage.runtime().get(id)
  expect(await mission.exited()).toMatchObject({ class: 'completed', run: 1 })
  expect(await textOf(mission)).toBe('before\nafter\n')
  expect(stage.faults).toEqual([])
})

test('with something else in the place of its log it has crashed, and all others are found', async () => {
  const { controller, begun } = puppet()
  await using stage = await stageOf(controller)
  const { id } = await begin(stage.runtime())
  const other = await stage.runtime().start({ command: 'exec sleep 1000' })
  await eventually(() => begun[0])
  const log = join(stage.home.path, 'output', `${id}.1.log`)
  await rm(log)
  await mkdir(log)
  await stage.takeOver()
  expect(await stage.runtime().get(id).exited()).toMatchObject({
    class: 'crashed',
    code: 70,
    evidence: { tail: expect.stringContaining('its log cannot be written') },
  })
  expect(stage.runtime().get(other.id).view()).toMatchObject({ status: 'running' })
})

test('a stop that was under way is under way with the next supervisor', async () => {
  const { controller, begun, told, end } = puppet()
  await using stage = await stageOf(controller)
  const mission = await stage.runtime().start({ provider: 'puppet', type: 'blueprint', command: 'a plan' })
  await eventually(() => begun[0])
  mission.stop().catch(() => undefined) // this supervisor does not see the end of it
  await eventually(() => told.includes('ask'))
  await stage.takeOver()
  await eventually(() => told.filter((word) => word === 'ask').length === 2)
  end(0)
  expect(await stage.runtime().get(mission.id).exited()).toMatchObject({ class: 'stopped' })
})

test.each([
  [{ provider: 'puppet', command: 'x' }, /^type must be blueprint with the provider puppet: got task$/],
  [
    { provider: 'raw', type: 'blueprint', command: 'x' },
    /^type must be task or session with the provider raw/,
  ],
] as const)('%j is refused', async (input, message) => {
  await using stage = await stageOf(puppet().controller)
  await expect(stage.runtime().start(input)).rejects.toMatchObject({
    code: 'invalid_spec',
    field: 'type',
    message: expect.stringMatching(message),
  })
})
