/** A controller's log that cannot be opened: what the machine is short of passes, and what is in its place does not. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { HostEvent, ProcessHost } from '../../src/process/host.ts'
import { prepareHome } from '../../src/process/home.ts'
import { openRegular } from '../../src/process/regular-file.ts'
import { controlledHost } from '../../src/runtime/controlled-host.ts'
import { fakeHost } from '../fakes/fake-host.ts'
import { launchOf } from '../fakes/records.ts'
import { type SteppingClock, steppingClock } from '../fakes/stepping-clock.ts'
import { temporaryHome } from '../support/home.ts'

interface Stage extends AsyncDisposable {
  readonly host: ProcessHost
  readonly clock: SteppingClock
  readonly told: readonly HostEvent[]
  /** What its controllers say. */
  readonly say: ((line: string) => void)[]
  readonly output: () => string
  /** The system's answer to who opens a log. */
  answer: string | undefined
}

const launch = launchOf({ argv: ['plan'], cwd: '/', streams: 'inner' })

async function openStage(): Promise<Stage> {
  const own = await temporaryHome()
  const home = await prepareHome(own.path)
  const clock = steppingClock()
  const told: HostEvent[] = []
  const say: ((line: string) => void)[] = []
  const openLog = (path: string): number => {
    const code = stage.answer
    if (code !== undefined) throw Object.assign(new Error(code), { code })
    return openRegular(path, 'append')
  }
  const host = controlledHost(
    { ...fakeHost(clock, () => {}), listen: () => {}, recover: () => [] },
    {
      home,
      clock,
      openLog,
      async begin(_ref, _resumed, log) {
        say.push(log)
        return { over: new Promise(() => {}), doing: () => [], end: () => {}, leave: () => {} }
      },
    },
  )
  const stage: Stage = {
    host,
    clock,
    told,
    say,
    answer: undefined,
    output: () => readFileSync(home.outputFile(launch.mission, launch.run, 'output'), 'utf8'),
    async [Symbol.asyncDispose]() {
      await host.close()
      await own[Symbol.asyncDispose]()
    },
  }
  host.listen((event) => told.push(event))
  return stage
}

const abandoned = {
  ...launch,
  process: { pid: 7, start: 'inside', boot: 'boot' },
  startedAt: { wall: 0, monotonic: 0 },
  custody: 'marks',
  seen: {},
  killed: false,
} as const

test.each([
  ['EMFILE', true],
  ['EISDIR', false],
])('a start that meets %s is tried again: %s', async (code, retry) => {
  await using stage = await openStage()
  stage.answer = code
  stage.host.spawn(launch)
  await Promise.resolve()
  expect(stage.told).toMatchObject([{ type: 'refused', retry }])
})

test('a shortage when it is gone on with delays what it says, and does not end it', async () => {
  await using stage = await openStage()
  stage.answer = 'EMFILE'
  expect(stage.host.recover([abandoned])).toMatchObject([{ kind: 'alive' }])
  await Promise.resolve()
  stage.say[0]?.('one')
  stage.clock.advance(1000)
  stage.answer = undefined
  stage.clock.advance(1000)
  stage.say[0]?.('two')
  expect(stage.output()).toBe('one\ntwo\n')
  expect(stage.told.filter(({ type }) => type !== 'output').map(({ type }) => type)).toEqual([
    'fault',
    'fault',
  ])
})

test('with something else in the place of its log it has ended when it is gone on with', async () => {
  await using stage = await openStage()
  stage.answer = 'EISDIR'
  expect(stage.host.recover([abandoned])).toMatchObject([{ kind: 'ended', exit: { code: 70 } }])
  await Promise.resolve()
  expect(stage.say).toEqual([])
})
