import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  createMemoryStore,
  createRuntime,
  type Mission,
  type Provider,
  type Runtime,
  type RuntimeOptions,
} from '@overmind/core'
import { expect, test } from 'vitest'
import { steppingClock } from '../../../core/test/fakes/stepping-clock.ts'
import { eventually } from '../../../core/test/support/eventually.ts'
import { temporaryHome } from '../../../core/test/support/home.ts'
import { ritualController } from '../../src/index.ts'
import { refusingStore, starts } from '../support/refusing-store.ts'

const MINUTE = 60_000

/** A ritual that is due every minute of a clock that moves when it is told to. */
async function openStage(
  options: Record<string, unknown> = {},
  command = 'true',
  { store = createMemoryStore(), providers = [] }: Pick<RuntimeOptions, 'store' | 'providers'> = {},
) {
  const home = await temporaryHome()
  // The beginning of ten minutes to come: nothing that has a date is later than it.
  const wall = (Math.floor(Date.now() / (10 * MINUTE)) + 2) * 10 * MINUTE
  const clock = steppingClock({ wall, monotonic: 0 })
  const open = (): Promise<Runtime> =>
    createRuntime({
      home: home.path,
      store,
      providers,
      controllers: [ritualController({ now: () => clock.now().wall, timer: clock.timer, random: () => 0.5 })],
    })
  let runtime = await open()
  const started = await runtime
    .start({
      provider: 'ritual',
      type: 'ritual',
      name: 'tick',
      command: 'every minute',
      options: { schedule: '* * * * *', timezone: 'UTC', mission: { command }, ...options },
    })
    .catch(async (error: unknown) => {
      await runtime.close()
      await home[Symbol.asyncDispose]()
      throw error
    })
  const { id } = started
  const children = (): readonly Mission[] => runtime.list().filter(({ view }) => view().spec.parent === id)
  return {
    home,
    children,
    ritual: () => runtime.get(id),
    due: () => children().map(({ view }) => view().spec.labels['overmind/due']),
    minutes: (...which: readonly number[]) =>
      which.map((n) => new Date(clock.now().wall - (clock.now().wall % MINUTE) + n * MINUTE).toISOString()),
    /** Lets minutes pass, one after the other. */
    async pass(minutes: number) {
      await eventually(() => clock.armed > 0)
      for (let n = 0; n < minutes; n += 1) {
        clock.advance(MINUTE)
        await new Promise(setImmediate)
      }
    },
    timers: () => clock.armed,
    /** Lets a time pass that is less than a minute. */
    wait: (ms: number) => clock.advance(ms),
    /** Settles when all that was about to be started has been. */
    async settled() {
      const { id } = await runtime.start({ command: 'true' })
      await runtime.get(id).exited()
    },
    /** Lets minutes pass while nobody looks. */
    async sleep(minutes: number) {
      await runtime.close({ missions: 'keep' })
      clock.advance(minutes * MINUTE)
      runtime = await open()
    },
    async log() {
      const parts: Uint8Array[] = []
      for await (const part of runtime.get(id).output({ follow: false })) parts.push(part)
      return Buffer.concat(parts).toString('utf8')
    },
    async [Symbol.asyncDispose]() {
      await runtime.close()
      await home[Symbol.asyncDispose]()
    },
  }
}

const over = (missions: readonly Mission[]): boolean =>
  missions.every(({ view }) => view().state.exit !== null)

test('starts a mission each time that it is due', async () => {
  await using stage = await openStage()
  for (let n = 1; n <= 3; n += 1) {
    await stage.pass(1)
    await eventually(() => stage.children().length === n && over(stage.children()))
  }
  expect(stage.due()).toEqual(stage.minutes(-2, -1, 0))
  const [first] = stage.children()
  expect(first?.name).toMatch(/^tick\.\d{8}-\d{6}$/)
  expect(stage.ritual().doing()).toEqual([`Its next time is ${stage.minutes(1)[0]}.`])
  const log = await stage.log()
  expect(log).toContain(`[${stage.due()[0]}] started as ${first?.name} (${first?.id})\n`)
  expect(log).toContain(`[${stage.due()[0]}] completed\n`)
  expect(stage.ritual().view().status).toBe('running')
})

test.each([
  ['skip', 1, 'skipped: tick'],
  ['allow', 3, 'started'],
  ['wait', 2, 'skipped: the next one waits instead'],
] as const)('with overlap %s', async (overlap, started, says) => {
  await using stage = await openStage({ overlap }, 'while [ ! -e "$OVERMIND_HOME/go" ]; do sleep 0.02; done')
  const go = join(stage.home.path, 'go')
  for (let n = 0; n < 3; n += 1) {
    await stage.pass(1)
    if (n === 0 || overlap === 'allow') await eventually(() => stage.children().length === n + 1)
  }
  await eventually(async () => (await stage.log()).includes(says))
  expect(stage.children().length).toBe(overlap === 'allow' ? 3 : 1)
  const waits = `That of ${stage.minutes(0)[0]} waits for the one before to end.`
  expect(stage.ritual().doing().includes(waits)).toBe(overlap === 'wait')
  writeFileSync(go, '')
  await eventually(() => stage.children().length === started && over(stage.children()))
})

test('with overlap replace the one before is stopped', async () => {
  await using stage = await openStage({ overlap: 'replace' }, 'sleep 1000')
  await stage.pass(1)
  await eventually(() => stage.children().length === 1)
  await stage.pass(1)
  await eventually(() => stage.children().length === 2)
  expect(stage.children()[0]?.view().state.exit).toMatchObject({ class: 'stopped' })
  expect(stage.children()[1]?.view().state.exit).toBeNull()
})

test.each([
  ['skip', [null]],
  ['wait', [null]],
  ['replace', ['stopped', 'stopped', null]],
  ['allow', [null, null, null]],
] as const)('of times that come all at once, with overlap %s', async (overlap, ends) => {
  await using stage = await openStage({ overlap, schedule: '1-3 * * * * *' }, 'sleep 1000')
  const endsOf = (): readonly unknown[] =>
    stage.children().map(({ view }) => view().state.exit?.class ?? null)
  await stage.pass(1)
  await eventually(() => stage.children().length === ends.length)
  await eventually(
    async () => (await stage.log()).match(/started|skipped/g)?.length === (overlap === 'wait' ? 2 : 3),
  )
  expect(endsOf()).toEqual(ends)
  for (const child of stage.children()) if (child.view().state.exit === null) await child.stop()
  // The last that waited has its turn.
  if (overlap === 'wait') await eventually(() => endsOf().join() === 'stopped,')
  expect(stage.due()).toEqual([...new Set(stage.due())])
})

test.each([
  ['once', 2],
  ['skip', 1],
] as const)('of what was missed while there was no supervisor: %s', async (missed, many) => {
  await using stage = await openStage({ missed, schedule: '*/10 * * * *' })
  await stage.pass(10)
  await eventually(() => stage.children().length === 1 && over(stage.children()))
  await stage.sleep(38)
  await eventually(async () => (await stage.log()).includes('missed'))
  await eventually(() => stage.children().length === many && over(stage.children()))
  expect((await stage.log()).match(/missed/g)).toHaveLength(missed === 'once' ? 2 : 3)
  await stage.pass(10)
  await eventually(() => stage.children().length === many + 1)
  expect(new Set(stage.due()).size).toBe(many + 1)
})

test('stopped, it starts nothing; restarted, it goes on from then', async () => {
  await using stage = await openStage()
  await stage.pass(1)
  await eventually(() => stage.children().length === 1 && over(stage.children()))
  expect(await stage.ritual().stop()).toMatchObject({ class: 'stopped' })
  await stage.ritual().restart()
  await eventually(() => stage.ritual().view().state.phase === 'running.up')
  await stage.pass(1)
  await eventually(() => stage.children().length === 2)
  expect(await stage.log()).not.toContain('missed')
})

test('a mission that is at work goes on when its ritual is stopped, and not when it is killed', async () => {
  await using stage = await openStage({}, 'sleep 1000')
  await stage.pass(1)
  const [child] = await eventually(() => stage.children().length === 1 && stage.children())
  await stage.ritual().stop()
  expect(child?.view().state.exit).toBeNull()
  await stage.ritual().restart()
  await eventually(() => stage.ritual().view().state.phase === 'running.up')
  await stage.ritual().kill()
  await eventually(() => child?.view().state.exit?.class === 'killed')
})

test('stopped while it replaces a mission, it does not wait for the end of that', async () => {
  const waits = 'while [ ! -e "$OVERMIND_HOME/go" ]; do sleep 0.02; done; exit 0'
  await using stage = await openStage(
    { overlap: 'replace' },
    `trap '${waits}' TERM; echo up; while :; do sleep 0.02; done`,
  )
  await stage.pass(1)
  const [first] = await eventually(() => {
    const children = stage.children()
    return children.some(({ outputFiles }) => outputFiles(1).some(({ bytes }) => bytes > 0)) && children
  })
  await stage.pass(1)
  await eventually(() => first?.view().state.ending !== null)
  expect(await stage.ritual().stop()).toMatchObject({ class: 'stopped' })
  expect(first?.view().state.exit).toBeNull()
  writeFileSync(join(stage.home.path, 'go'), '')
  expect(await first?.exited()).toMatchObject({ class: 'stopped', code: 0 })
  expect(stage.children()).toHaveLength(1)
})

test('killed while it starts something, it leaves nothing alive', async () => {
  await using stage = await openStage({}, 'sleep 1000')
  await stage.pass(1)
  await stage.ritual().kill()
  await stage.settled()
  expect(over(stage.children())).toBe(true)
})

test('keeps the last ones', async () => {
  await using stage = await openStage({ keep: 2 })
  for (let n = 1; n <= 4; n += 1) {
    await stage.pass(1)
    await eventually(() => stage.due().includes(stage.minutes(0)[0]) && over(stage.children()))
  }
  await stage.pass(1)
  await eventually(() => stage.due().includes(stage.minutes(0)[0]))
  await eventually(() => stage.children().length <= 3)
  expect(stage.due()).not.toContain(stage.minutes(-4)[0])
})

test('a start that is put off is put off by its jitter', async () => {
  await using stage = await openStage({ jitterMs: 40_000 })
  await stage.pass(1)
  expect(stage.children()).toEqual([])
  await stage.pass(1)
  await eventually(() => stage.children().length === 1)
})

test('what cannot be started is an entry in the log, and is tried again at the next time', async () => {
  await using stage = await openStage({ mission: { command: ['no-such-program'] } })
  await stage.pass(1)
  const says = 'failed: the program was not found on PATH: no-such-program'
  await eventually(async () => (await stage.log()).includes(says))
  await stage.pass(1)
  await eventually(async () => (await stage.log()).match(/failed/g)?.length === 2)
  expect(stage.ritual().view().status).toBe('running')
})

test('what was passed over is not started by the next supervisor', async () => {
  await using stage = await openStage(
    { missed: 'once' },
    'while [ ! -e "$OVERMIND_HOME/go" ]; do sleep 0.02; done',
  )
  await stage.pass(1)
  await eventually(() => stage.children().length === 1)
  await stage.pass(2)
  await eventually(async () => (await stage.log()).match(/skipped/g)?.length === 2)
  writeFileSync(join(stage.home.path, 'go'), '')
  await eventually(() => over(stage.children()))
  await stage.sleep(0)
  await stage.pass(1)
  await eventually(() => stage.due().includes(stage.minutes(0)[0]))
  expect(stage.due()).toEqual(stage.minutes(-3, 0))
})

test('a time that comes while the disk is full is met when there is room', async () => {
  const store = refusingStore()
  await using stage = await openStage({}, 'true', { store })
  store.refuses = starts
  await stage.pass(1)
  await eventually(() => stage.timers() > 1)
  stage.wait(2000)
  expect(stage.children()).toEqual([])
  store.refuses = () => false
  await eventually(() => {
    stage.wait(10)
    return stage.children().length === 1
  })
  expect(stage.due()).toEqual(stage.minutes(0))
  expect(await stage.log()).not.toContain('failed')
})

test('of those that come while the disk is full the last is met, and it is stopped at once', async () => {
  const store = refusingStore()
  await using stage = await openStage({}, 'true', { store })
  store.refuses = starts
  await stage.pass(2)
  await eventually(() => stage.timers() > 1)
  stage.wait(2000)
  await eventually(async () =>
    (await stage.log()).includes(`[${stage.minutes(-1)[0]}] failed: the disk is full`),
  )
  expect(await stage.ritual().stop()).toMatchObject({ class: 'stopped' })
  expect(stage.children()).toEqual([])
})

test('a disk that is full while it replaces or forgets something is no end of it', async () => {
  const store = refusingStore()
  await using stage = await openStage({ overlap: 'replace', keep: 1 }, 'sleep 1000', { store })
  await stage.pass(1)
  await eventually(() => stage.children().length === 1)
  const [first] = stage.children()
  await first?.until(({ phase }) => phase === 'running.up')
  store.refuses = ({ events }) => events.some(({ type }) => type === 'run.ending')
  await stage.pass(1)
  await eventually(() => stage.timers() > 1)
  expect(first?.view().state.ending).toBeNull()
  store.refuses = ({ events }) => events.some(({ type }) => type === 'mission.removed')
  await eventually(() => {
    stage.wait(100)
    return stage.children().length === 2
  })
  await stage.pass(1)
  await eventually(async () => (await stage.log()).includes('cannot be forgotten: the disk is full'))
  expect(stage.ritual().view().status).toBe('running')
})

test('stopped while it sees whether something can be started, it has ended when that is decided', async () => {
  const decided = Promise.withResolvers<void>()
  let asked = 0
  const slow: Provider = {
    name: 'slow',
    async check() {
      asked += 1
      await decided.promise
    },
    invoke: ({ env }) => ({ argv: ['true'], streams: 'merged', env }),
  }
  await using stage = await openStage({ mission: { command: 'x', provider: 'slow' } }, '', {
    providers: [slow],
  })
  await stage.pass(1)
  await eventually(() => asked > 0)
  const stopped = stage.ritual().stop()
  await stage.settled()
  expect(stage.ritual().view().state.exit).toBeNull()
  decided.resolve()
  await stopped
  const { length } = stage.children()
  await stage.settled()
  expect(stage.children()).toHaveLength(length)
})

test.each([
  [{ mission: { command: '' } }, /^command must not be empty/],
  [{ mission: { command: 'x', colour: 'red' } }, /^colour: no such field/],
  [{ mission: { command: 'x', cwd: '/' } }, /^mission\.cwd: is the ritual's own/],
  [{ schedule: 'every day' }, /^the schedule "every day" is none/],
  [{ timezone: 'Mars/Olympus' }, /^the schedule "\* \* \* \* \*" is none/],
])('%j is refused before it begins', async (options, message) => {
  await expect(openStage(options)).rejects.toMatchObject({
    code: expect.stringMatching(/^(invalid_spec|empty_command)$/),
    message: expect.stringMatching(message),
  })
})
