/** What is left of a run is found also when it cannot be told apart at first. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createCgroups } from '../../src/process/cgroups/cgroups.ts'
import { prepareHome } from '../../src/process/home.ts'
import type { ProcessExit } from '../../src/model/exit.ts'
import type { HostEvent } from '../../src/process/host.ts'
import { createLiveRuns, type LiveRuns } from '../../src/process/live-runs.ts'
import type { Marker, ProcessEntry, ProcessTable } from '../../src/process/process-table.ts'
import { createSnapshots } from '../../src/process/snapshots.ts'
import { missionId } from '../fakes/records.ts'
import { steppingClock, type SteppingClock } from '../fakes/stepping-clock.ts'

const folder = mkdtempSync(join(tmpdir(), 'overmind-test-'))
afterAll(() => rmSync(folder, { recursive: true }))
const home = await prepareHome(folder)

const MISSION = missionId('0123abcd')
const KEEPER = { pid: 4_000_001, start: '1', boot: 'boot' }
const STRAY = { pid: 4_000_002, parent: 1, group: 4_000_002, session: 4_000_002, start: '2' }
const OURS: Marker = { kind: 'mission', mission: MISSION, run: 1, home: home.path }
const CHANGING: Marker = { kind: 'changing' }

interface Stage {
  readonly live: LiveRuns
  readonly clock: SteppingClock
  readonly events: HostEvent['type'][]
  /** What the run was said to have left for good. */
  readonly left: number[]
  readonly exits: ProcessExit[]
  /** What the process shows from now on. */
  show(marker: Marker | null): void
  /** Whether no process can be looked at from now on. */
  short(isShort: boolean): void
  /** What is there is gone, and a look that has begun shows it still. */
  die(): void
  /** What is there from now on. */
  exist(entries: readonly ProcessEntry[]): void
  /** Lets what is under way happen, and time pass. */
  pass(ms: number): Promise<void>
}

interface Setting {
  readonly adopted: boolean
  /** Found without its keeper, of which nothing has been heard. */
  readonly orphaned?: boolean
  readonly killed?: boolean
}

function stage({ adopted, orphaned = false, killed = false }: Setting): Stage {
  const clock = steppingClock()
  const events: HostEvent['type'][] = []
  const left: number[] = []
  const exits: ProcessExit[] = []
  let isDying = false
  let marker: Marker | null = CHANGING
  let isShort = false
  let there: readonly ProcessEntry[] = [STRAY]
  const mayLook = <T>(value: T): T => {
    if (isShort) throw new Error('too many open files')
    return value
  }
  const table: ProcessTable = {
    boot: 'boot',
    identify: (pid) => {
      const entry = table.entry(pid)
      return entry === null || isDying ? null : { pid, start: entry.start, boot: 'boot' }
    },
    bornAt: () => null,
    uptime: () => null,
    scan: () => mayLook(there),
    entry: (pid) => there.find((entry) => entry.pid === pid) ?? null,
    orphans: () => mayLook(there.map(({ pid }) => pid)),
    marker: () => marker,
    environment: () => null,
    load: () => null,
    commandLine: () => null,
  }
  const live = createLiveRuns({
    home,
    clock,
    table,
    snapshots: createSnapshots(table, clock),
    cgroups: createCgroups(home.path),
    emit: (event) => {
      events.push(event.type)
      if (event.type === 'exited') exits.push(event.exit)
      if (event.type === 'emptied') left.push(...event.receipt.left)
    },
    hear: () => {},
    recordOf: () => undefined,
  })
  const ref = { mission: MISSION, run: 1 }
  live.track(
    {
      ...ref,
      process: KEEPER,
      at: clock.now(),
      custody: 'marks',
      streams: 'merged',
      outputLimitBytes: 2 ** 20,
      activity: 'output',
      seen: {},
      adopted,
      killed,
    },
    orphaned ? 'orphaned' : 'kept',
  )
  if (!orphaned) live.ended(ref, () => ({ code: 0, at: 0, ran: 1 }))
  return {
    live,
    clock,
    events,
    left,
    exits,
    show: (next) => {
      marker = next
    },
    short: (next) => {
      isShort = next
    },
    die: () => {
      isDying = true
    },
    exist: (next) => {
      there = next
    },
    async pass(ms) {
      for (let passed = 0; passed < ms; passed += 1) {
        clock.advance(1)
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
  }
}

test.each([false, true])(
  'a process that is becoming another program is waited for, and is left when it is ours (adopted: %s)',
  async (adopted) => {
    const on = stage({ adopted })
    await on.pass(20)
    expect(on.events).toEqual([])
    on.show(OURS)
    await on.pass(20)
    expect(on.events).toEqual(['exited'])
    expect(on.live.size).toBe(1)
    on.live.close()
  },
)

test.each([false, true])('it is not waited for when it is a stranger (adopted: %s)', async (adopted) => {
  const on = stage({ adopted })
  await on.pass(20)
  on.show(null)
  await on.pass(20)
  expect(on.events).toEqual(['exited'])
  expect(on.live.size).toBe(0)
})

test.each([false, true])('an end is told when it can be seen what is left (adopted: %s)', async (adopted) => {
  const on = stage({ adopted })
  on.show(null)
  on.short(true)
  await on.pass(20)
  expect(on.events).toEqual(['fault'])
  on.short(false)
  await on.pass(1000)
  expect(on.events).toEqual(['fault', 'exited'])
})

test('it is not waited for for ever', async () => {
  const on = stage({ adopted: false })
  await on.pass(1000)
  expect(on.events).toEqual(['exited'])
})

test('a stranger whose session got the number of a keeper that is gone is none of the run', async () => {
  const on = stage({ adopted: false })
  const inSession = { ...STRAY, group: KEEPER.pid, session: KEEPER.pid }
  on.exist([STRAY, inSession])
  on.show(OURS)
  await on.pass(20)
  expect(on.events).toEqual(['exited'])
  // Nothing of its session is left, and then somebody else's has its number.
  on.exist([STRAY])
  await on.pass(1000)
  on.show(null)
  on.exist([{ pid: KEEPER.pid, parent: 1, group: KEEPER.pid, session: KEEPER.pid, start: '9' }])
  await on.pass(1000)
  expect(on.events).toEqual(['exited', 'emptied'])
})

test('what went in the moment in which it was given up is not named as left', async () => {
  const on = stage({ adopted: false })
  on.show(OURS)
  await on.pass(20)
  on.die()
  const given = on.live.giveUp({ mission: MISSION, run: 1 })
  await on.pass(2)
  await given
  on.exist([])
  await on.pass(1000)
  expect(on.events).toEqual(['exited', 'emptied'])
  expect(on.left).toEqual([])
})

test('what cannot be looked at to be given up is given up later', async () => {
  const on = stage({ adopted: false })
  on.show(OURS)
  await on.pass(20)
  on.short(true)
  const given = on.live.giveUp({ mission: MISSION, run: 1 })
  await on.pass(20)
  on.short(false)
  await on.pass(1000)
  await given
  expect(on.events.filter((type) => type !== 'fault')).toEqual(['exited', 'emptied'])
  expect(on.left).toEqual([STRAY.pid])
})

test('a signal meanwhile does not hide how the run ended', async () => {
  const on = stage({ adopted: false })
  await on.pass(2)
  const sent = on.live.signal({ mission: MISSION, run: 1 }, 'SIGTERM')
  await on.pass(10)
  await sent
  on.show(null)
  await on.pass(20)
  expect(on.events).toEqual(['exited'])
})

test.each([0, 100, 200, 300, 400])(
  'what is given up %s ms after nothing could be looked at ends as it has ended',
  async (ms) => {
    const on = stage({ adopted: false })
    on.exist([])
    on.show(null)
    on.short(true)
    await on.pass(20 + ms)
    const given = on.live.giveUp({ mission: MISSION, run: 1 })
    await on.pass(400)
    on.short(false)
    await on.pass(1000)
    await given
    expect(on.events.filter((type) => type !== 'fault')).toEqual(['exited'])
  },
)

test('what is given up while it is unclear what it has left ends as it has ended', async () => {
  const on = stage({ adopted: false })
  await on.pass(20)
  on.exist([])
  const given = on.live.giveUp({ mission: MISSION, run: 1 })
  await on.pass(1000)
  await given
  expect(on.events).toEqual(['exited'])
})

test.each([
  [true, { kind: 'code', code: 137 }],
  [false, { kind: 'lost' }],
])(
  'what is gone when it is found was killed when an earlier supervisor did that (%s)',
  async (killed, exit) => {
    const on = stage({ adopted: true, orphaned: true, killed })
    on.exist([])
    await on.pass(20)
    expect(on.exits).toMatchObject([exit])
  },
)
