/** What an earlier supervisor had just begun is found, however far it has come in that moment. */
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createCgroups } from '../../src/process/cgroups/cgroups.ts'
import { prepareHome } from '../../src/process/home.ts'
import type { Abandoned, Finding } from '../../src/process/host.ts'
import { createLiveRuns } from '../../src/process/live-runs.ts'
import { HOME_MARK, KEEPER_MARK, LAUNCHER_MARK, MISSION_MARK, RUN_MARK } from '../../src/process/marks.ts'
import type { ProcessTable } from '../../src/process/process-table.ts'
import { recover } from '../../src/process/recovery.ts'
import { openRunsJournal } from '../../src/process/runs-journal.ts'
import { createSnapshots } from '../../src/process/snapshots.ts'
import { missionId } from '../fakes/records.ts'
import { steppingClock } from '../fakes/stepping-clock.ts'

const folder = mkdtempSync(join(tmpdir(), 'overmind-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const MISSION = missionId('0123abcd')
const PID = 4_000_001
const KEEPER = ['/bin/sh', '-c', 'the script', 'overmind-keeper', 'sleep', '1000']

/** What the one process there is shows of itself in a look; null when it is gone. */
interface Look {
  readonly group: number
  readonly commandLine: readonly string[]
  readonly isLauncher?: true
}

const LAUNCHED: Look = { group: 1, commandLine: ['/bin/sh'], isLauncher: true }
const FORKED: Look = { group: 1, commandLine: ['/usr/bin/setsid', '-f', ...KEEPER] }
const LEADING: Look = { ...FORKED, group: PID }
const CHANGING: Look = { group: PID, commandLine: [] }
const KEEPING: Look = { group: PID, commandLine: KEEPER }

/** Recovers a run of which nothing is on record but that it was to start, over the looks that are taken one after the other. */
async function found(
  looks: readonly (Look | null)[],
  atLook: (look: number) => void = () => {},
  known: Partial<Abandoned> = {},
): Promise<Finding> {
  const home = await prepareHome(mkdtempSync(join(folder, 'home-')))
  const marks = { [MISSION_MARK]: MISSION, [RUN_MARK]: '1', [HOME_MARK]: home.path, [KEEPER_MARK]: '{}' }
  let taken = -1
  const current = (): Look | null => looks[Math.min(taken, looks.length - 1)] ?? null
  const isChanging = (look: Look): boolean => look.commandLine.length === 0
  const table: ProcessTable = {
    boot: 'boot',
    identify: (pid) => (pid === PID && current() !== null ? { pid, start: '1', boot: 'boot' } : null),
    bornAt: () => null,
    uptime: () => null,
    scan: () => {
      taken += 1
      atLook(taken)
      return table.entry(PID) === null ? [] : [table.entry(PID) ?? expect.unreachable()]
    },
    entry: (pid) => {
      const look = current()
      return pid === PID && look !== null
        ? { pid, parent: 1, group: look.group, session: look.group, start: '1' }
        : null
    },
    orphans: () => null,
    marker: () => {
      const look = current()
      if (look === null || look.isLauncher) return null
      return isChanging(look)
        ? { kind: 'changing' }
        : { kind: 'mission', mission: MISSION, run: 1, home: home.path }
    },
    environment: () => {
      const look = current()
      if (look === null) return null
      if (look.isLauncher) return { [LAUNCHER_MARK]: home.path }
      return isChanging(look) ? {} : marks
    },
    load: () => null,
    commandLine: () => current()?.commandLine ?? null,
  }
  const clock = steppingClock()
  const snapshots = createSnapshots(table, clock)
  const cgroups = createCgroups(home.path)
  const runs = openRunsJournal(home.runs)
  const emit = (): void => {}
  const live = createLiveRuns({
    home,
    clock,
    table,
    snapshots,
    cgroups,
    emit,
    hear: () => {},
    recordOf: () => undefined,
  })
  runsFile = home.runs
  const [finding] = recover(
    [
      {
        mission: MISSION,
        run: 1,
        process: null,
        startedAt: null,
        custody: 'marks',
        streams: 'merged',
        outputLimitBytes: 2 ** 20,
        activity: 'output',
        seen: {},
        killed: false,
        ...known,
      },
    ],
    { home, clock, table, snapshots, runs, live, cgroups, emit },
  )
  live.close()
  runs.close()
  return finding ?? expect.unreachable()
}

let runsFile = ''

const ADOPTED = { kind: 'alive', launched: { process: { pid: PID, start: '1', boot: 'boot' } } }

test.each([
  ['has been forked', [FORKED, FORKED, LEADING, CHANGING, KEEPING]],
  ['leads its session already', [LEADING, LEADING, KEEPING]],
  ['is taking its place in this moment', [CHANGING, KEEPING]],
  ['is what it was launched from', [LAUNCHED, CHANGING, FORKED, LEADING, KEEPING]],
])('a keeper that %s is waited for, and is no orphan of its own', async (_, looks) => {
  expect(await found(looks)).toMatchObject(ADOPTED)
})

test('a run that was being killed and is gone was killed', async () => {
  const process = { pid: PID, start: '1', boot: 'boot' }
  expect(await found([null], undefined, { process, killed: true })).toMatchObject({
    kind: 'ended',
    exit: { kind: 'code', code: 137 },
    left: 0,
  })
  expect(await found([null], undefined, { process })).toMatchObject({ exit: { kind: 'lost' } })
})

test('what was launched and never begins was never started', async () => {
  expect(await found([LAUNCHED, LAUNCHED, null])).toEqual({ kind: 'never-started' })
})

test('a run that begins and ends while it is looked for has run', async () => {
  const begunAndEnded = (look: number): void => {
    if (look === 1) appendFileSync(runsFile, `start ${MISSION} 1 ${PID} 1\nexit ${MISSION} 1 7 -\n`)
  }
  expect(await found([KEEPING, null], begunAndEnded)).toMatchObject({
    kind: 'ended',
    exit: { kind: 'code', code: 7 },
  })
})
