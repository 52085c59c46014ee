/**
 * The runs that are watched: from the news that their keeper began until their process tree is empty.
 * It proves before it signals, and counts before it says that nothing is left.
 */
import type { Cgroups } from './cgroups/cgroups.ts'
import type { RunGroup } from './cgroups/run-group.ts'
import { systemCode } from '../model/errors.ts'
import {
  type CodeExit,
  emptyReceipt,
  type ProcessExit,
  type Receipt,
  type SentSignal,
} from '../model/exit.ts'
import type { Streams } from '../model/output.ts'
import type { Activity, Custody } from '../model/spec.ts'
import type { ProcessIdentity } from '../model/state.ts'
import type { Clock, Instant } from '../model/time.ts'
import type { Home } from './home.ts'
import { groupedProcesses, isRunAlone } from './grouped.ts'
import type { HostEvent } from './host.ts'
import { keptCommand } from './keeper.ts'
import { type OutputStreams, type WatchedRun, watchStreams } from './output-streams.ts'
import { kill } from './kill.ts'
import { evidenceOf } from './output-tail.ts'
import { isSameProcess, type ProcessTable } from './process-table.ts'
import { keyOf, type RunRef } from './run-ref.ts'
import type { ExitRecord } from './run-times.ts'
import type { Snapshots } from './snapshots.ts'
import { type RunUsage, usageOf } from './usage.ts'
import { terminalQuietFor } from './terminal/activity.ts'
import { isTerminalProgram } from './terminal/launch.ts'
import { endWithoutWord } from './wordless-end.ts'
import { createWorkWatch } from './work-watch.ts'
import { type Family, type Member, membersOf, type Snapshot } from './tree.ts'

const FIRST_LOOK_MS = 5
const LAST_LOOK_MS = 500
/** How often an end is put off because something may be left that cannot be told apart in that moment. */
const UNCLEAR_LOOKS = 40
/** How often a run that has only just begun is looked at before its command must be there. */
const BEGIN_LOOKS = 100

interface LiveRun {
  readonly ref: RunRef
  readonly process: ProcessIdentity
  readonly group: RunGroup | null
  readonly at: Instant
  readonly streams: Streams
  readonly outputs: OutputStreams
  readonly signals: SentSignal[]
  readonly strays: Set<number>
  /**
   * Its keeper was seen alive: its session is then known to be its own until it is seen empty, because a
   * number is not given out again while a process is in that session.
   */
  sessionIsOurs: boolean
  /** An earlier supervisor started it. */
  readonly adopted: boolean
  killed: boolean
  /**
   * `kept`: under its keeper. `orphaned`: the keeper is gone, the command is not. `leaving`: the exit is known, and not yet what is
   * left. `over`: that is known too.
   */
  state: 'kept' | 'orphaned' | 'leaving' | 'over'
  /** How often it was unclear whether something is left. */
  unclearLooks: number
  cancelLook: () => void
}

export interface Tracked extends WatchedRun {
  /** Its keeper. */
  readonly process: ProcessIdentity
  readonly at: Instant
  readonly custody: Custody
  readonly activity: Activity
  /** An earlier supervisor started it. */
  readonly adopted: boolean
  /** SIGKILL has been sent to it, or is about to be. */
  readonly killed: boolean
}

export interface LiveRuns {
  readonly size: number
  has(ref: RunRef): boolean
  /** All of them, as `<mission>.<run>`. */
  keys(): ReadonlySet<string>
  /** Watches a run: `kept` while its keeper lives, `orphaned` when only its command does, `over` when it only left processes. */
  track(run: Tracked, state: 'kept' | 'orphaned' | 'over'): void
  /** Notes the end of a run by its keeper's word. */
  ended(ref: RunRef, record: (of: Tracked['process'], at: Instant) => ExitRecord): void
  /** Finds runs whose keeper is gone without a word. `thorough`: also those whose number has been given to another. */
  checkKeepers(thorough: boolean): void
  /** Looks at what those do of which work is a sign of life. To be called every few seconds. */
  lookAtWork(): void
  /** The ids of the keepers. */
  keepers(): ReadonlySet<number>
  signal(ref: RunRef, signal: NodeJS.Signals): Promise<void>
  giveUp(ref: RunRef): Promise<void>
  quietFor(ref: RunRef): number
  usage(): Promise<ReadonlyMap<string, RunUsage>>
  close(): void
}

export interface LiveRunsOptions {
  readonly home: Home
  readonly clock: Clock
  readonly table: ProcessTable
  readonly snapshots: Snapshots
  readonly cgroups: Cgroups
  readonly emit: (event: HostEvent) => void
  /** Lets `ended` be called for whatever keepers have written up to now. */
  readonly hear: () => void
  /** What the keeper of a run wrote before it went, if it did; looks through all that keepers wrote. */
  readonly recordOf: (ref: RunRef, process: ProcessIdentity, at: Instant) => ExitRecord | undefined
}

export function createLiveRuns(options: LiveRunsOptions): LiveRuns {
  const { home, clock, table, snapshots, cgroups, emit, hear, recordOf } = options
  const live = new Map<string, LiveRun>()
  const keepers = new Set<number>()
  const work = createWorkWatch({
    clock,
    usage: () => usageOfRuns([...live.values()].filter(({ ref }) => work.idleFor(ref) !== null)),
    onFault: (error) => emit({ type: 'fault', error }),
  })

  async function usageOfRuns(runs: readonly LiveRun[]): Promise<ReadonlyMap<string, RunUsage>> {
    return usageOf(runs, { snapshot: await snapshots.all(), table, home: home.path })
  }

  function familyOf(run: LiveRun): Family {
    const { ref, process, group } = run
    const marks = { ...ref, home: home.path }
    return {
      ...marks,
      leader: process,
      sessionIsOurs: run.sessionIsOurs,
      grouped: group === null ? [] : groupedProcesses(group, marks, table),
    }
  }

  /** The living processes of a run without its keeper, which is ours. */
  function treeOf(run: LiveRun, snapshot: Snapshot): readonly Member[] {
    const members = membersOf(familyOf(run), snapshot).filter(
      ({ pid, start }) => !isSameProcess(run.process, { pid, start, boot: snapshot.boot }),
    )
    for (const { pid, stray } of members) if (stray) run.strays.add(pid)
    return members
  }

  /** The same, in a look at all processes there are: a session that nothing is in may be a stranger's from now on. */
  function wholeTreeOf(run: LiveRun, snapshot: Snapshot): readonly Member[] {
    const { pid: keeper } = run.process
    run.sessionIsOurs &&= snapshot.entries.some(({ session, group }) => (session ?? group) === keeper)
    return treeOf(run, snapshot)
  }

  /** What a run whose leader has ended has left, right now; null when that must be looked at again. */
  function leftBehind(run: LiveRun): readonly Member[] | null {
    const snapshot = snapshots.orphans(keepers)
    const left = treeOf(run, snapshot).filter(({ pid }) => table.identify(pid) !== null)
    return left.length === 0 && isUnclear(run, snapshot) ? null : left
  }

  /** Whether something may be of this run that is just becoming another program. Not for ever: it could be a stranger's. */
  function isUnclear(run: LiveRun, snapshot: Snapshot): boolean {
    if (run.unclearLooks >= UNCLEAR_LOOKS) return false
    const changing = snapshot.entries.filter(({ pid }) => snapshot.marker(pid)?.kind === 'changing')
    if (changing.length === 0) return false
    // What has a parent is told by that. What another supervisor started may have gone to another foster parent.
    const orphans = run.adopted ? null : table.orphans()
    const unclear = changing.some(({ pid }) => orphans === null || orphans.includes(pid))
    if (unclear) run.unclearLooks += 1
    return unclear
  }

  function receiptOf(run: LiveRun, left: readonly Member[] = []): Receipt {
    return { signals: [...run.signals], strays: run.strays.size, left: left.map(({ pid }) => pid) }
  }

  function track(run: Tracked, state: 'kept' | 'orphaned' | 'over'): void {
    const tracked: LiveRun = {
      ref: { mission: run.mission, run: run.run },
      process: run.process,
      group: run.custody === 'cgroup' ? cgroups.find(run, run.process.pid) : null,
      at: run.at,
      streams: run.streams,
      outputs: watchStreams(run, { home, clock, emit }),
      signals: [],
      strays: new Set(),
      sessionIsOurs: state === 'kept',
      adopted: run.adopted,
      killed: run.killed,
      state,
      unclearLooks: 0,
      cancelLook: () => {},
    }
    live.set(keyOf(run), tracked)
    if (run.activity === 'cpu') work.add(tracked.ref)
    if (state === 'kept') keepers.add(run.process.pid)
    else lookSoon(tracked, 0)
  }

  function forget(run: LiveRun): void {
    leave(run)
    try {
      if (run.group !== null) cgroups.discard(run.group)
    } catch (error) {
      emit({ type: 'fault', error })
    }
  }

  /** Looks no longer. */
  function leave(run: LiveRun): void {
    run.cancelLook()
    for (const { watch } of run.outputs.values()) watch.close()
    work.remove(run.ref)
    live.delete(keyOf(run.ref))
  }

  function leaderGone(run: LiveRun, record: ExitRecord | undefined): void {
    // What it wrote a moment ago may be there, and not have been heard.
    if (record === undefined) hear()
    if (run.state !== 'kept') return
    const exit = endOf(run, record)
    keepers.delete(run.process.pid)
    if (exit.kind === 'lost') {
      run.state = 'orphaned'
      lookSoon(run, 0)
    } else {
      run.state = 'leaving'
      if (run.adopted) lookEverywhere(run, exit)
      else lookBehind(run, exit)
    }
  }

  function lookBehind(run: LiveRun, exit: ProcessExit): void {
    if (!isWatched(run)) return
    const again = (): void => lookBehind(run, exit)
    try {
      const left = leftBehind(run)
      if (left === null) lookLater(run, FIRST_LOOK_MS, again)
      else exited(run, exit, left.length)
    } catch (error) {
      emit({ type: 'fault', error })
      lookLater(run, LAST_LOOK_MS, again)
    }
  }

  /** What another supervisor's run left may have been adopted by an ancestor of that one and not of ours. */
  function lookEverywhere(run: LiveRun, exit: ProcessExit): void {
    const again = (): void => lookEverywhere(run, exit)
    whole(run, again, (snapshot) => {
      const left = wholeTreeOf(run, snapshot).length
      if (left === 0 && isUnclear(run, snapshot)) lookLater(run, FIRST_LOOK_MS, again)
      else exited(run, exit, left)
    })
  }

  function lookLater(run: LiveRun, delayMs: number, look: () => void): void {
    run.cancelLook()
    run.cancelLook = clock.timer(delayMs, look)
  }

  /** Looks at all processes for a run that is still watched; when that fails, or what is made of it, it is looked `again` later. */
  function whole(run: LiveRun, again: () => void, seen: (snapshot: Snapshot) => void): void {
    const { state } = run
    snapshots
      .all()
      .then((snapshot) => {
        if (isWatched(run)) seen(snapshot)
      })
      .catch((error: unknown) => {
        emit({ type: 'fault', error })
        // What has come into another state meanwhile is looked at for that.
        if (isWatched(run) && run.state === state) lookLater(run, LAST_LOOK_MS, again)
      })
  }

  function isWatched(run: LiveRun): boolean {
    return live.get(keyOf(run.ref)) === run
  }

  function endOf(run: LiveRun, heard: ExitRecord | undefined): ProcessExit {
    // Of one that was adopted it may have been heard before that.
    const record = heard ?? (run.adopted ? recordOf(run.ref, run.process, run.at) : undefined)
    return record === undefined ? wordless(run) : { kind: 'code', ...record, ...causeOf(run) }
  }

  function wordless(run: LiveRun): ProcessExit {
    const { wall: at, monotonic } = clock.now()
    const ran = Math.max(0, monotonic - run.at.monotonic)
    return endWithoutWord({ killed: run.killed, outOfMemory: ranOutOfMemory(run), at, ran })
  }

  /** The kernel ended its tree, and not we. */
  function ranOutOfMemory({ killed, group }: LiveRun): boolean {
    return !killed && group?.ranOutOfMemory() === true
  }

  function causeOf(run: LiveRun): Pick<CodeExit, 'cause'> {
    return ranOutOfMemory(run) ? { cause: 'out-of-memory' } : {}
  }

  function exited(run: LiveRun, exit: ProcessExit, left: number): void {
    for (const { watch } of run.outputs.values()) watch.check()
    const source = run.outputs.get('stderr') ?? run.outputs.get('output')
    const evident = source === undefined ? exit : evidenceOf(exit, source.path)
    // Up to here it can fail, and is tried again.
    run.state = 'over'
    const receipt = receiptOf(run)
    if (left === 0) forget(run)
    else lookSoon(run, FIRST_LOOK_MS)
    emit({ type: 'exited', ref: run.ref, exit: evident, left, receipt })
  }

  function lookSoon(run: LiveRun, delayMs: number): void {
    const again = (): void => lookSoon(run, delayMs)
    lookLater(run, delayMs, () => whole(run, again, (snapshot) => looked(run, snapshot, delayMs)))
  }

  /** Sees whether the tree of a run without its keeper is empty by now. */
  function looked(run: LiveRun, snapshot: Snapshot, waitedMs: number): void {
    // Of one that is leaving it is being seen what is left.
    if (run.state === 'leaving') return
    if (run.state === 'kept' && !isSameProcess(run.process, table.identify(run.process.pid))) {
      leaderGone(run, undefined)
      return
    }
    const members = wholeTreeOf(run, snapshot)
    if (run.state !== 'kept' && members.length === 0) {
      if (isUnclear(run, snapshot)) return lookSoon(run, FIRST_LOOK_MS)
      if (run.state === 'over') {
        forget(run)
        emit({ type: 'emptied', ref: run.ref, receipt: receiptOf(run) })
      } else {
        exited(run, wordless(run), 0)
      }
      return
    }
    // Without its keeper the loop that told the run things waits for ever.
    const onlyKeepers = members.every(({ pid }) => keptCommand(table.commandLine(pid) ?? []) !== null)
    if (run.killed || (run.state === 'orphaned' && onlyKeepers)) send(run, members, 'SIGKILL')
    else if (run.state === 'orphaned' && waitedMs === 0) emit({ type: 'orphaned', ref: run.ref })
    lookSoon(run, Math.min(LAST_LOOK_MS, Math.max(FIRST_LOOK_MS, waitedMs * 2)))
  }

  /** Signals the group at once and each stray by itself, every one proved to be of this run a moment ago. */
  function send(run: LiveRun, all: readonly Member[], signal: NodeJS.Signals): number {
    const atOnce = signal === 'SIGKILL' ? killGroup(run) : new Set<number>()
    const members = all.filter(({ pid }) => !atOnce.has(pid))
    const inGroup = members.filter(({ stray }) => !stray)
    const keeperLives = isSameProcess(run.process, table.identify(run.process.pid))
    let reached = all.length - members.length
    if ((inGroup.length > 0 || keeperLives) && kill(-run.process.pid, signal)) reached += inGroup.length
    for (const { pid, start, stray } of members) {
      if (stray && isSameProcess({ pid, start, boot: table.boot }, table.identify(pid)) && kill(pid, signal))
        reached += 1
    }
    return reached
  }

  /** The kernel ends what is in the control group, and what is being forked in it; returns what that was. */
  function killGroup({ ref, group }: LiveRun): ReadonlySet<number> {
    if (group === null || !isRunAlone(group, { ...ref, home: home.path }, table)) return new Set()
    const pids = group.processes()
    return new Set(group.kill() ? pids : [])
  }

  async function signal(ref: RunRef, name: NodeJS.Signals): Promise<void> {
    const run = live.get(keyOf(ref))
    if (run === undefined) return
    await reach(run, name)
    if (!isWatched(run)) return
    // A keeper that is killed tells nobody.
    if (run.state === 'leaving') return
    if (run.state !== 'kept' || run.killed) lookSoon(run, FIRST_LOOK_MS)
  }

  /**
   * Looks at all processes for a run and acts on what it sees, once more where one of both fails: what it does must bear that.
   * Undefined when the run is watched no more.
   */
  async function withLook<T>(run: LiveRun, act: (snapshot: Snapshot) => T): Promise<T | undefined> {
    while (isWatched(run)) {
      try {
        const snapshot = await snapshots.all()
        return isWatched(run) ? act(snapshot) : undefined
      } catch (error) {
        emit({ type: 'fault', error })
        await passing(LAST_LOOK_MS)
      }
    }
    return undefined
  }

  function passing(ms: number): Promise<void> {
    return new Promise((resolve) => void clock.timer(ms, resolve))
  }

  /** A run that has only just begun may be nothing but its keeper yet, which hands no signal on: then again. */
  async function reach(run: LiveRun, name: NodeJS.Signals): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      const hasReached = await withLook(run, (snapshot) => {
        const members = wholeTreeOf(run, snapshot)
        if (name === 'SIGKILL') {
          // Not before: a look in between would kill as well, and the receipt would not say so.
          run.killed = true
          note(send(run, members, name))
          return true
        }
        // Seen before it is sent: what begins in between has not got it.
        const begun =
          run.state !== 'kept' || members.some(({ pid }) => isCommand(run, table.commandLine(pid) ?? []))
        const reached = send(run, members, name)
        // A stopped program cannot answer: wake it, so that it gets the signal.
        send(run, members, 'SIGCONT')
        const isEnough = begun || attempt === BEGIN_LOOKS
        if (isEnough) note(reached)
        return isEnough
      })
      if (hasReached !== false) return
      await passing(FIRST_LOOK_MS)
    }

    /** At once: whoever looks next may find that nothing is left, and tell. */
    function note(reached: number): void {
      run.signals.push({ signal: name, processes: reached, at: clock.now().wall })
    }
  }

  function exists(pid: number): boolean {
    try {
      process.kill(pid, 0)
      return true
    } catch (error) {
      return systemCode(error) === 'EPERM'
    }
  }

  return {
    get size() {
      return live.size
    },
    has: (ref) => live.has(keyOf(ref)),
    keys: () => new Set(live.keys()),
    track,
    ended: (ref, record) => {
      const run = live.get(keyOf(ref))
      if (run !== undefined) leaderGone(run, record(run.process, run.at))
    },
    checkKeepers: (thorough) => {
      for (const run of [...live.values()].filter(({ state }) => state === 'kept')) {
        const { pid } = run.process
        // Whether the number exists is cheap to ask; whether it is still the same process is not.
        try {
          const gone = thorough ? !isSameProcess(run.process, table.identify(pid)) : !exists(pid)
          if (gone) leaderGone(run, undefined)
        } catch (error) {
          emit({ type: 'fault', error })
        }
      }
    },
    lookAtWork: work.look,
    keepers: () => keepers,
    signal,
    async giveUp(ref) {
      const run = live.get(keyOf(ref))
      if (run === undefined) return emit({ type: 'emptied', ref, receipt: emptyReceipt })
      await withLook(run, (snapshot) => {
        // How it ended is on record, and it is being seen what is left: that will be told.
        if (run.state === 'leaving') return
        // What was killed a moment ago may be in that look.
        const isThere = ({ pid, start }: Pick<Member, 'pid' | 'start'>): boolean =>
          isSameProcess({ pid, start, boot: table.boot }, table.identify(pid))
        const left = wholeTreeOf(run, snapshot).filter(isThere)
        // How it ended is about to be seen, and is worth more than that it was given up.
        if (left.length === 0 && !isThere(run.process)) return lookSoon(run, 0)
        forget(run)
        emit({ type: 'emptied', ref, receipt: receiptOf(run, left) })
      })
    },
    quietFor: (ref) => {
      const run = live.get(keyOf(ref))
      if (run === undefined) return 0
      const quiet = [...run.outputs.values()].map(({ watch }) => watch.quietFor())
      const idle = work.idleFor(ref)
      if (idle !== null) quiet.push(idle)
      if (run.streams === 'terminal') quiet.push(terminalQuietFor(ref, home, clock))
      return Math.max(0, Math.min(clock.now().monotonic - run.at.monotonic, ...quiet))
    },
    usage: () => usageOfRuns([...live.values()]),
    close: () => {
      for (const run of live.values()) leave(run)
    },
  }
}

/** Whether it is neither the keeper nor what that keeps a terminal with. */
function isCommand({ streams }: LiveRun, commandLine: readonly string[]): boolean {
  // A process that is becoming another program shows none, and still was the keeper's a moment ago.
  if (commandLine.length === 0 || keptCommand(commandLine) !== null) return false
  return streams !== 'terminal' || !isTerminalProgram(commandLine)
}
