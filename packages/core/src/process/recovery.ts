/** Finding again what an earlier supervisor left. */
import type { CodeExit, ProcessExit } from '../model/exit.ts'
import type { ProcessIdentity } from '../model/state.ts'
import type { Clock } from '../model/time.ts'
import type { Cgroups } from './cgroups/cgroups.ts'
import type { RunGroup } from './cgroups/run-group.ts'
import type { Home } from './home.ts'
import type { Abandoned, Finding, FoundKeeper, HostEvent } from './host.ts'
import { becomesKeeper, keptCommand } from './keeper.ts'
import { groupedProcesses } from './grouped.ts'
import type { LiveRuns, Tracked } from './live-runs.ts'
import { kill } from './kill.ts'
import { HOME_MARK, KEEPER_MARK, LAUNCHER_MARK } from './marks.ts'
import { streamsOf, watchStreams } from './output-streams.ts'
import { evidenceOf } from './output-tail.ts'
import { isSameProcess, type ProcessTable } from './process-table.ts'
import { keyOf } from './run-ref.ts'
import { exitRecord, startOf } from './run-times.ts'
import type { ExitLine, RunsJournal, RunsLine, StartLine } from './runs-journal.ts'
import type { Snapshots } from './snapshots.ts'
import { commandOnTerminal } from './terminal/launch.ts'
import { TERMINAL_MARK } from './terminal/settings.ts'
import { type Member, membersOf, type Snapshot } from './tree.ts'
import { endWithoutWord } from './wordless-end.ts'

export interface RecoveryOptions {
  readonly home: Home
  readonly clock: Clock
  readonly table: ProcessTable
  readonly snapshots: Snapshots
  readonly runs: RunsJournal
  readonly live: LiveRuns
  readonly cgroups: Cgroups
  readonly emit: (event: HostEvent) => void
}

/**
 * Answers what became of each run, and watches those that live. A process that is recorded and is still
 * itself lives. The journal is read only after the others have been seen to be gone, so that an end in
 * between is not missed; then their markers are looked for; what left no trace at all never began.
 */
export function recover(abandoned: readonly Abandoned[], options: RecoveryOptions): readonly Finding[] {
  const { home, clock, table, snapshots, runs, live, cgroups, emit } = options
  if (abandoned.some(({ process }) => process === null)) {
    endLaunchers(home, table)
    // What one of them said in dying is not about what is started from now on.
    runs.check()
  }
  const alive = abandoned.map(
    ({ process }) => process !== null && isSameProcess(process, table.identify(process.pid)),
  )
  const journal = alive.every(Boolean) ? new Map<string, Lines>() : linesByRun(runs)
  let all: Snapshot | undefined
  const snapshot = (): Snapshot => (all ??= settled(snapshots))
  let later: ReadonlyMap<string, Lines> | undefined

  function adopt(run: Abandoned, process: ProcessIdentity, state: 'kept' | 'orphaned' = 'kept'): Finding {
    const at = run.startedAt ?? clock.now()
    live.track(trackedOf(run, process), state)
    return { kind: 'alive', launched: { process, at } }
  }

  function trackedOf(run: Abandoned, process: ProcessIdentity): Tracked {
    return { ...run, process, at: run.startedAt ?? clock.now(), adopted: true }
  }

  function membersIn(run: Abandoned): readonly Member[] {
    const { mission, run: number, process } = run
    const marks = { mission, run: number, home: home.path }
    const group = groupOf(run)
    const grouped = group === null ? [] : groupedProcesses(group, marks, table)
    return membersOf({ ...marks, leader: process, grouped }, snapshot())
  }

  function groupOf(run: Abandoned): RunGroup | null {
    return run.custody === 'cgroup' ? cgroups.find(run, run.process?.pid ?? null) : null
  }

  function causeOf(run: Abandoned): Pick<CodeExit, 'cause'> {
    return groupOf(run)?.ranOutOfMemory() === true ? { cause: 'out-of-memory' } : {}
  }

  function ended(run: Abandoned, exit: ProcessExit, keeper: ProcessIdentity | null = run.process): Finding {
    const members = membersIn(run)
    const [first] = members
    if (first === undefined) accountFor(run)
    else live.track(trackedOf(run, keeper ?? leaderOf(first)), 'over')
    const path = home.outputFile(run.mission, run.run, streamsOf(run.streams).at(-1) ?? 'output')
    return { kind: 'ended', exit: evidenceOf(exit, path), left: members.length }
  }

  /** Notes what was written while nobody watched. */
  function accountFor(run: Abandoned): void {
    for (const { watch } of watchStreams(run, { home, clock, emit }).values()) {
      watch.check()
      watch.close()
    }
  }

  /** The keeper that wrote a line, where it could tell when it began. */
  function keeperOf({ pid, start }: StartLine): ProcessIdentity | null {
    return start === null ? null : { pid, start, boot: table.boot }
  }

  /** The keeper that must have been, judged by a process it left; it is gone, so its start no longer matters. */
  function leaderOf({ session, group }: Member): ProcessIdentity {
    return { pid: session ?? group, start: 'unknown', boot: table.boot }
  }

  function find(run: Abandoned, isAlive: boolean): Finding {
    const { process } = run
    if (process !== null && isAlive) return adopt(run, process)
    return findByLines(run, journal.get(keyOf(run)) ?? {})
  }

  function findByLines(run: Abandoned, { start, exit: noted }: Lines): Finding {
    const { process } = run
    const now = clock.now()
    const keeper = process === null && start !== undefined ? keeperOf(start) : null
    if (keeper !== null && isSameProcess(keeper, table.identify(keeper.pid))) return adopt(run, keeper)
    // It was there a moment ago: its end may be written by now.
    const exit = noted ?? (keeper === null ? undefined : linesByRun(runs).get(keyOf(run))?.exit)
    if (exit !== undefined) {
      const at = run.startedAt ?? now
      const rebooted = process !== null && process.boot !== table.boot
      const record = rebooted
        ? { code: exit.code, at: at.wall, ran: 0 }
        : exitRecord(exit, process ?? keeper, at, { table, clock })
      return ended(run, { kind: 'code', ...record, ...causeOf(run) }, process ?? keeper)
    }
    if (process !== null && process.boot !== table.boot) {
      return ended(run, { kind: 'lost', cause: 'reboot', at: now.wall, ran: 0 })
    }
    const members = membersIn(run)
    const unnoted = members.find(({ pid }) => isKeeper(pid, table))
    if (unnoted !== undefined) return adopt(run, { pid: unnoted.pid, start: unnoted.start, boot: table.boot })
    const [first] = members
    if (first !== undefined) return adopt(run, process ?? leaderOf(first), 'orphaned')
    if (process === null && start === undefined) {
      // It may have begun and ended since the journal was read, and before the processes were looked at.
      const lines = (later ??= linesByRun(runs)).get(keyOf(run))
      return lines?.start === undefined && lines?.exit === undefined
        ? { kind: 'never-started' }
        : findByLines(run, lines)
    }
    const ran = run.startedAt === null ? 0 : Math.max(0, now.monotonic - run.startedAt.monotonic)
    const outOfMemory = causeOf(run).cause !== undefined
    return ended(run, endWithoutWord({ killed: run.killed, outOfMemory, at: now.wall, ran }))
  }

  return abandoned.map((run, index) => find(run, alive[index] === true))
}

/** How often it is looked again for what could not be told apart, and how long after. Milliseconds. */
const UNCLEAR_LOOKS = 10
const LOOK_AGAIN_MS = 2

/** A look in which nothing is just becoming another program, as far as that can be waited for. */
function settled(snapshots: Snapshots): Snapshot {
  for (let looks = 1; ; looks += 1) {
    const look = snapshots.allNow()
    const isUnclear = look.entries.some(({ pid }) => look.marker(pid)?.kind === 'changing')
    if (!isUnclear || looks === UNCLEAR_LOOKS) return look
    standStill(LOOK_AGAIN_MS)
  }
}

function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

/** How long launchers have to be gone after SIGKILL, and what they have begun to be a keeper. Milliseconds. */
const LAUNCHER_END_MS = 500

/**
 * Ends the launcher of a supervisor that died, and its children that have not become anything yet: what
 * they have not begun is begun by us, once. What they have begun carries its mission's marker by now, and
 * is waited for until it is the keeper: before, it could be taken for something that a keeper left.
 */
function endLaunchers(home: Home, table: ProcessTable): void {
  const until = performance.now() + LAUNCHER_END_MS
  for (let looks = 1; performance.now() < until; looks += 1) {
    const left = table.scan().flatMap(({ pid, parent }) => {
      const start = parent === process.pid ? null : startUnderWay(pid, home, table)
      return start === null ? [] : [{ pid, start }]
    })
    const isOver = left.every(({ start }) => start === 'unclear' && looks >= UNCLEAR_LOOKS)
    if (isOver) return
    for (const { pid, start } of left) if (start === 'launcher') kill(pid, 'SIGKILL')
    standStill(LOOK_AGAIN_MS)
  }
}

/** How far the start of a run has come in a process that may become its keeper; null when it is none, or is that already. */
function startUnderWay(
  pid: number,
  home: Home,
  table: ProcessTable,
): 'launcher' | 'becoming-keeper' | 'unclear' | null {
  const environment = table.environment(pid)
  if (environment === null) return null
  if (environment[LAUNCHER_MARK] === home.path) return 'launcher'
  if (environment[HOME_MARK] === home.path)
    return becomesKeeper(table.commandLine(pid) ?? []) ? 'becoming-keeper' : null
  const showsNone = Object.keys(environment).length === 0
  return showsNone && table.marker(pid)?.kind === 'changing' ? 'unclear' : null
}

interface Lines {
  readonly start?: StartLine
  readonly exit?: ExitLine
}

function linesByRun(runs: RunsJournal): ReadonlyMap<string, Lines> {
  const lines = new Map<string, Lines>()
  for (const line of runs.read()) {
    const before = lines.get(keyOf(line))
    lines.set(keyOf(line), withLine(before, line))
  }
  return lines
}

function withLine(before: Lines | undefined, line: RunsLine): Lines {
  switch (line.kind) {
    case 'start':
      return { ...before, start: line }
    case 'exit':
      return { ...before, exit: line }
    case 'refused':
      return { ...before }
  }
}

/** What a keeper forks looks like it, and does not lead. */
export function isKeeper(pid: number, table: ProcessTable): boolean {
  return (
    table.entry(pid)?.group === pid &&
    table.environment(pid)?.[KEEPER_MARK] !== undefined &&
    keptCommand(table.commandLine(pid) ?? []) !== null
  )
}

/** Living keepers under a home, but those that are `known`. */
export function findKeepers(
  home: Home,
  table: ProcessTable,
  clock: Clock,
  known: ReadonlySet<number>,
): readonly FoundKeeper[] {
  return table.scan().flatMap(({ pid, start, group }) => {
    if (known.has(pid) || group !== pid) return []
    const marker = table.marker(pid)
    if (marker?.kind !== 'mission' || marker.home !== home.path) return []
    const environment = table.environment(pid)
    const kept = keptCommand(table.commandLine(pid) ?? []) ?? []
    const [program, ...args] = environment?.[TERMINAL_MARK] === undefined ? kept : commandOnTerminal(kept)
    if (environment?.[KEEPER_MARK] === undefined || program === undefined) return []
    const process = { pid, start, boot: table.boot }
    return [{ process, at: startOf(process, { table, clock }), environment, command: [program, ...args] }]
  })
}
