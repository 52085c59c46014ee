import { closeSync, open } from 'node:fs'
import { promisify } from 'node:util'
import { OvermindError, systemCode } from '../model/errors.ts'
import type { ProcessExit, Receipt, SentSignal } from '../model/exit.ts'
import type { Stream } from '../model/output.ts'
import type { ProcessIdentity } from '../model/state.ts'
import type { Clock, Instant } from '../model/time.ts'
import type { Home } from './home.ts'
import type { Abandoned, Finding, FoundKeeper, HostEvent, Launch, ProcessHost, RunRef } from './host.ts'
import { keeperProcess, keptCommand } from './keeper.ts'
import { checkFolder } from './launch-checks.ts'
import { createLauncher } from './launcher.ts'
import { readTail } from './output-tail.ts'
import { type OutputWatch, watchOutput } from './output-watch.ts'
import { isSameProcess, type ProcessTable } from './process-table.ts'
import { openRunsJournal, type RunsLine } from './runs-journal.ts'
import { createSnapshots } from './snapshots.ts'
import { type Family, type Member, membersOf, type Snapshot } from './tree.ts'
import { KEEPER_MARK } from './marks.ts'

const openFile = promisify(open)

/** What the system says when it is short of something that may be there again later. */
const PASSING: ReadonlySet<string | undefined> = new Set(['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE', 'ENOSPC'])

const EVIDENCE_BYTES = 4096
const FIRST_LOOK_MS = 5
const LAST_LOOK_MS = 500
const LOOK_MS = 2000
/** How long a keeper may take to begin before it is looked for, and given up when it is not there. */
const START_LIMIT_MS = 10_000
const STARTING_AT_ONCE = 64
/** How long a process that was being forked when its launcher died may take to show what it is. */
const SETTLE_MS = 250

interface LiveRun {
  readonly ref: RunRef
  readonly process: ProcessIdentity
  readonly at: Instant
  readonly outputs: ReadonlyMap<Stream, { readonly path: string; readonly watch: OutputWatch }>
  readonly signals: SentSignal[]
  readonly strays: Set<number>
  killed: boolean
  /** `kept`: under its keeper. `orphaned`: the keeper is gone, the command is not. `over`: the exit is known. */
  state: 'kept' | 'orphaned' | 'over'
  cancelLook: () => void
}

export interface KeeperHostOptions {
  readonly home: Home
  readonly clock: Clock
  readonly table: ProcessTable
}

/** The process host of a real machine. */
export function createKeeperHost({ home, clock, table }: KeeperHostOptions): ProcessHost {
  const live = new Map<string, LiveRun>()
  const keepers = new Set<number>()
  const runs = openRunsJournal(home.runs)
  const snapshots = createSnapshots(table, clock)
  let emit: (event: HostEvent) => void = () => {}
  let cancelLook: (() => void) | undefined
  let looks = 0
  /** Runs whose keeper has not told yet that it began. */
  const starting = new Map<string, { readonly launch: Launch; readonly since: Instant }>()
  const queued: (() => void)[] = []
  const launcher = createLauncher({
    onFailure: (reason) => void clock.timer(SETTLE_MS, () => lookForStarts(reason)),
  })
  runs.follow(onRunsLine)

  const keyOf = ({ mission, run }: RunRef): string => `${mission}.${run}`

  /** The keeper that must have been, judged by a process it left; it is gone, so its start no longer matters. */
  function leaderOf({ session, group }: Member): ProcessIdentity {
    return { pid: session ?? group, start: 'unknown', boot: table.boot }
  }

  function familyOf(ref: RunRef, leader: ProcessIdentity | null): Family {
    return { mission: ref.mission, run: ref.run, home: home.path, leader }
  }

  /** The living processes of a run without its keeper, which is ours. */
  function treeOf(run: LiveRun, snapshot: Snapshot): readonly Member[] {
    const members = membersOf(familyOf(run.ref, run.process), snapshot).filter(
      ({ pid }) => pid !== run.process.pid,
    )
    for (const { pid, stray } of members) if (stray) run.strays.add(pid)
    return members
  }

  /** What a run whose leader has ended has left, right now. */
  function leftBehind(run: LiveRun): readonly Member[] {
    return treeOf(run, snapshots.orphans()).filter(({ pid }) => table.identify(pid) !== null)
  }

  function receiptOf(run: LiveRun, left: readonly Member[] = []): Receipt {
    return { signals: [...run.signals], strays: run.strays.size, left: left.map(({ pid }) => pid) }
  }

  function watchStreams(
    ref: RunRef,
    {
      streams,
      outputLimitBytes,
      seen = {},
    }: Pick<Launch, 'streams' | 'outputLimitBytes'> & Partial<Pick<Abandoned, 'seen'>>,
  ): LiveRun['outputs'] {
    const names: readonly Stream[] = streams === 'merged' ? ['output'] : ['stdout', 'stderr']
    return new Map(
      names.map((stream) => {
        const path = home.outputFile(ref.mission, ref.run, stream)
        const watch = watchOutput({
          path,
          clock,
          limitBytes: outputLimitBytes,
          from: seen[stream]?.to ?? 0,
          trimmedTo: seen[stream]?.trimmedTo ?? 0,
          onGrowth: (from, to) => emit({ type: 'output', ref, stream, from, to }),
          onTrimmed: (trimmed) => emit({ type: 'trimmed', ref, stream, trimmed }),
        })
        return [stream, { path, watch }]
      }),
    )
  }

  function track(run: Omit<LiveRun, 'signals' | 'strays' | 'killed' | 'state' | 'cancelLook'>): LiveRun {
    const tracked: LiveRun = {
      ...run,
      signals: [],
      strays: new Set(),
      killed: false,
      state: 'kept',
      cancelLook: () => {},
    }
    live.set(keyOf(run.ref), tracked)
    keepers.add(run.process.pid)
    return tracked
  }

  function forget(run: LiveRun): void {
    run.cancelLook()
    for (const { watch } of run.outputs.values()) watch.close()
    live.delete(keyOf(run.ref))
  }

  function spawnRun(launch: Launch): void {
    const ref: RunRef = { mission: launch.mission, run: launch.run }
    prepare(launch).then(
      (files) => {
        queued.push(() => {
          starting.set(keyOf(ref), { launch, since: clock.now() })
          launcher.launch(keeperProcess({ ...launch, ...files, home: home.path }))
          beAttentive()
        })
        launchQueued()
      },
      (error: unknown) => {
        const code = systemCode(error)
        const reason =
          error instanceof OvermindError
            ? error.message
            : `the process could not be started: ${code ?? String(error)}`
        emit({ type: 'refused', ref, reason, retry: PASSING.has(code) })
      },
    )
  }

  /** The launcher is told of a few at a time, so that one that is late is late and not in a long queue. */
  function launchQueued(): void {
    while (starting.size < STARTING_AT_ONCE) {
      const next = queued.shift()
      if (next === undefined) return
      next()
    }
  }

  /** Makes the output files, private from the first byte, and sees that there is a folder to start in. */
  async function prepare({
    mission,
    run,
    streams,
    cwd,
  }: Launch): Promise<{ readonly stdout: string; readonly stderr: string }> {
    const stdout = home.outputFile(mission, run, streams === 'merged' ? 'output' : 'stdout')
    const stderr = streams === 'merged' ? stdout : home.outputFile(mission, run, 'stderr')
    await Promise.all([checkFolder(cwd), ...[...new Set([stdout, stderr])].map(touch)])
    return { stdout, stderr }
  }

  async function touch(path: string): Promise<void> {
    closeSync(await openFile(path, 'a', 0o600))
  }

  function started(ref: RunRef, process: ProcessIdentity): void {
    const pending = starting.get(keyOf(ref))
    if (pending === undefined) return
    starting.delete(keyOf(ref))
    launchQueued()
    const at = clock.now()
    track({ ref, process, at, outputs: watchStreams(ref, pending.launch) })
    emit({ type: 'started', ref, process, at })
  }

  function onRunsLine(line: RunsLine): void {
    if (line.kind === 'start') {
      const identity =
        line.start === null
          ? table.identify(line.pid)
          : { pid: line.pid, start: line.start, boot: table.boot }
      if (identity !== null) started(line, identity)
      return
    }
    const run = live.get(keyOf(line))
    if (run !== undefined) leaderGone(run, { code: line.code, ran: ranOf(run.process, run.at, line.uptime) })
  }

  /** The launcher is gone: what it began is found by its marker, what it did not will never begin. */
  function lookForStarts(reason: string): void {
    runs.check()
    const late = [...starting.values()]
    if (late.length === 0) return
    const snapshot = snapshots.allNow()
    for (const { launch } of late) {
      const ref: RunRef = { mission: launch.mission, run: launch.run }
      if (!starting.has(keyOf(ref))) continue
      const keeper = membersOf(familyOf(ref, null), snapshot).find(({ pid }) => isKeeper(pid))
      if (keeper !== undefined) {
        started(ref, { pid: keeper.pid, start: keeper.start, boot: table.boot })
        continue
      }
      starting.delete(keyOf(ref))
      emit({ type: 'refused', ref, reason, retry: true })
    }
    launchQueued()
  }

  function isKeeper(pid: number): boolean {
    return (
      table.environment(pid)?.[KEEPER_MARK] !== undefined &&
      keptCommand(table.commandLine(pid) ?? []) !== null
    )
  }

  function ranOf(process: ProcessIdentity | null, at: Instant | null, uptime: number | null): number {
    const byKernel = process === null || uptime === null ? null : table.age(process, uptime)
    return byKernel ?? (at === null ? 0 : Math.max(0, clock.now().monotonic - at.monotonic))
  }

  function leaderGone(
    run: LiveRun,
    record: { readonly code: number; readonly ran: number } | undefined,
  ): void {
    if (run.state !== 'kept') return
    keepers.delete(run.process.pid)
    const known = record ?? recordOf(run)
    if (known !== undefined) {
      exited(run, { kind: 'code', ...known, at: run.at.wall + known.ran }, leftBehind(run).length)
    } else {
      run.state = 'orphaned'
      lookSoon(run, 0)
    }
  }

  /** What the keeper wrote before it was killed, or what we did to it. */
  function recordOf(run: LiveRun): { readonly code: number; readonly ran: number } | undefined {
    if (run.killed) return { code: 137, ran: clock.now().monotonic - run.at.monotonic }
    const line = runs
      .read()
      .findLast((candidate) => candidate.kind === 'exit' && keyOf(candidate) === keyOf(run.ref))
    return line?.kind === 'exit'
      ? { code: line.code, ran: ranOf(run.process, run.at, line.uptime) }
      : undefined
  }

  function exited(run: LiveRun, exit: ProcessExit, left: number): void {
    run.state = 'over'
    for (const { watch } of run.outputs.values()) watch.check()
    const clean = exit.kind === 'code' && exit.code === 0
    const source = run.outputs.get('stderr') ?? run.outputs.get('output')
    const tail = clean || source === undefined ? '' : readTail(source.path, EVIDENCE_BYTES)
    const receipt = receiptOf(run)
    if (left === 0) forget(run)
    else lookSoon(run, FIRST_LOOK_MS)
    emit({ type: 'exited', ref: run.ref, exit: tail === '' ? exit : { ...exit, tail }, left, receipt })
  }

  function lookSoon(run: LiveRun, delayMs: number): void {
    run.cancelLook()
    run.cancelLook = clock.timer(delayMs, () => {
      snapshots.all().then(
        (snapshot) => looked(run, snapshot, delayMs),
        (error: unknown) => emit({ type: 'fault', ref: run.ref, error }),
      )
    })
  }

  /** Sees whether the tree of a run without its keeper is empty by now. */
  function looked(run: LiveRun, snapshot: Snapshot, waitedMs: number): void {
    if (live.get(keyOf(run.ref)) !== run) return
    if (run.state === 'kept' && !isSameProcess(run.process, table.identify(run.process.pid))) {
      leaderGone(run, undefined)
      return
    }
    const members = treeOf(run, snapshot)
    if (run.state !== 'kept' && members.length === 0) {
      if (run.state === 'over') {
        forget(run)
        emit({ type: 'emptied', ref: run.ref, receipt: receiptOf(run) })
      } else {
        const { wall, monotonic } = clock.now()
        exited(
          run,
          { kind: 'lost', cause: 'vanished', at: wall, ran: Math.max(0, monotonic - run.at.monotonic) },
          0,
        )
      }
      return
    }
    if (run.killed) send(run, members, 'SIGKILL')
    else if (run.state === 'orphaned' && waitedMs === 0) emit({ type: 'orphaned', ref: run.ref })
    lookSoon(run, Math.min(LAST_LOOK_MS, Math.max(FIRST_LOOK_MS, waitedMs * 2)))
  }

  /** Signals the group at once and each stray by itself, every one proved to be of this run a moment ago. */
  function send(run: LiveRun, members: readonly Member[], signal: NodeJS.Signals): number {
    const inGroup = members.filter(({ stray }) => !stray)
    const keeperLives = isSameProcess(run.process, table.identify(run.process.pid))
    let reached = 0
    if ((inGroup.length > 0 || keeperLives) && kill(-run.process.pid, signal)) reached += inGroup.length
    for (const { pid, start, stray } of members) {
      if (stray && isSameProcess({ pid, start, boot: table.boot }, table.identify(pid)) && kill(pid, signal))
        reached += 1
    }
    return reached
  }

  function kill(target: number, signal: NodeJS.Signals): boolean {
    // 0 and -1 mean everybody.
    if (Math.abs(target) <= 1) return false
    try {
      process.kill(target, signal)
      return true
    } catch (error) {
      const code = systemCode(error)
      // ESRCH: it went by itself. EPERM: it runs as another user, and the receipt will name it.
      if (code === 'ESRCH' || code === 'EPERM') return false
      throw error
    }
  }

  async function signalRun(ref: RunRef, signal: NodeJS.Signals): Promise<void> {
    if (!live.has(keyOf(ref))) return
    const snapshot = await snapshots.all()
    const run = live.get(keyOf(ref))
    if (run === undefined) return
    const members = treeOf(run, snapshot)
    if (signal === 'SIGKILL') run.killed = true
    const processes = send(run, members, signal)
    // A stopped program cannot answer: wake it, so that it gets the signal.
    if (signal !== 'SIGKILL') send(run, members, 'SIGCONT')
    run.signals.push({ signal, processes, at: clock.now().wall })
    // A keeper that is killed tells nobody.
    if (run.state !== 'kept' || run.killed) lookSoon(run, FIRST_LOOK_MS)
  }

  /** While anything runs: hears what keepers write, and finds out about those that can write no more. */
  function beAttentive(): void {
    if (cancelLook !== undefined) return
    runs.hold(true)
    cancelLook = clock.timer(LOOK_MS, lookAround)
  }

  function lookAround(): void {
    cancelLook = undefined
    if (live.size === 0 && starting.size === 0 && queued.length === 0) {
      runs.hold(false)
      return
    }
    runs.check()
    const now = clock.now().monotonic
    if ([...starting.values()].some(({ since }) => now - since.monotonic > START_LIMIT_MS)) launcher.abort()
    looks += 1
    const thorough = looks % 5 === 0
    for (const run of [...live.values()].filter(({ state }) => state === 'kept')) {
      const { pid } = run.process
      // Whether the number exists is cheap to ask; whether it is still the same process is not.
      const gone = thorough ? !isSameProcess(run.process, table.identify(pid)) : !exists(pid)
      if (gone) leaderGone(run, undefined)
    }
    beAttentive()
  }

  function exists(pid: number): boolean {
    try {
      process.kill(pid, 0)
      return true
    } catch (error) {
      return systemCode(error) === 'EPERM'
    }
  }

  function recover(abandoned: readonly Abandoned[]): readonly Finding[] {
    const exits = new Map<string, Extract<RunsLine, { kind: 'exit' }>>()
    const starts = new Map<string, Extract<RunsLine, { kind: 'start' }>>()
    for (const line of runs.read()) {
      if (line.kind === 'exit') exits.set(keyOf(line), line)
      else starts.set(keyOf(line), line)
    }
    let all: Snapshot | undefined
    const snapshot = (): Snapshot => (all ??= snapshots.allNow())

    const findings = abandoned.map((run): Finding => {
      const ref: RunRef = { mission: run.mission, run: run.run }
      const now = clock.now()
      const at = run.startedAt ?? now
      const adopt = (process: ProcessIdentity): Finding => {
        const { outputs } = track({ ref, process, at, outputs: watchStreams(ref, run) })
        for (const { watch } of outputs.values()) watch.check()
        return { kind: 'alive', launched: { process, at } }
      }
      const ended = (exit: ProcessExit): Finding => {
        const members = membersOf(familyOf(ref, run.process), snapshot())
        const path = home.outputFile(ref.mission, ref.run, run.streams === 'merged' ? 'output' : 'stderr')
        const tail = exit.kind === 'code' && exit.code === 0 ? '' : readTail(path, EVIDENCE_BYTES)
        const first = members[0]
        const leader = run.process ?? (first === undefined ? null : leaderOf(first))
        const outputs = watchStreams(ref, run)
        for (const { watch } of outputs.values()) watch.check()
        if (leader === null || first === undefined) {
          for (const { watch } of outputs.values()) watch.close()
        } else {
          const left = track({ ref, process: leader, at, outputs })
          keepers.delete(leader.pid)
          left.state = 'over'
          lookSoon(left, FIRST_LOOK_MS)
        }
        return { kind: 'ended', exit: tail === '' ? exit : { ...exit, tail }, left: members.length }
      }

      if (run.process !== null && isSameProcess(run.process, table.identify(run.process.pid)))
        return adopt(run.process)
      const begun = starts.get(keyOf(ref))
      if (run.process === null && begun !== undefined && begun.start !== null) {
        const keeper = { pid: begun.pid, start: begun.start, boot: table.boot }
        if (isSameProcess(keeper, table.identify(begun.pid))) return adopt(keeper)
      }
      const line = exits.get(keyOf(ref))
      const sameBoot = run.process?.boot === table.boot
      if (line !== undefined) {
        const ran = sameBoot || run.process === null ? ranOf(run.process, at, line.uptime) : 0
        return ended({ kind: 'code', code: line.code, at: at.wall + ran, ran })
      }
      if (run.process !== null && !sameBoot)
        return ended({ kind: 'lost', cause: 'reboot', at: now.wall, ran: 0 })

      const members = membersOf(familyOf(ref, run.process), snapshot())
      const keeper = members.find(({ pid }) => isKeeper(pid))
      if (keeper !== undefined) return adopt({ pid: keeper.pid, start: keeper.start, boot: table.boot })
      const ran = Math.max(0, now.monotonic - at.monotonic)
      const first = members[0]
      if (first !== undefined) {
        const finding = adopt(run.process ?? leaderOf(first))
        const orphan = live.get(keyOf(ref))
        if (orphan !== undefined) {
          orphan.state = 'orphaned'
          lookSoon(orphan, 0)
        }
        return finding
      }
      if (run.process === null && begun === undefined) return { kind: 'never-started' }
      return ended({ kind: 'lost', cause: 'vanished', at: now.wall, ran })
    })
    if (live.size > 0) beAttentive()
    return findings
  }

  function unknownKeepers(): readonly FoundKeeper[] {
    const now = clock.now()
    const uptime = Number(process.hrtime.bigint() / 1_000_000n)
    return table.scan().flatMap(({ pid, start }) => {
      if (keepers.has(pid)) return []
      const marker = table.marker(pid)
      if (marker?.kind !== 'mission' || marker.home !== home.path) return []
      const environment = table.environment(pid)
      const [program, ...args] = keptCommand(table.commandLine(pid) ?? []) ?? []
      if (environment?.[KEEPER_MARK] === undefined || program === undefined) return []
      const process = { pid, start, boot: table.boot }
      const age = table.age(process, uptime) ?? 0
      return [
        {
          process,
          at: { wall: now.wall - age, monotonic: now.monotonic - age },
          environment,
          command: [program, ...args],
        },
      ]
    })
  }

  return {
    boot: table.boot,
    unknownKeepers,
    listen: (listener) => {
      emit = listener
    },
    spawn: spawnRun,
    recover,
    signal: signalRun,
    async giveUp(ref) {
      const run = live.get(keyOf(ref))
      if (run === undefined) return
      const members = treeOf(run, await snapshots.all())
      forget(run)
      emit({ type: 'emptied', ref, receipt: receiptOf(run, members) })
    },
    quietFor(ref) {
      const run = live.get(keyOf(ref))
      if (run === undefined) return 0
      const writes = [...run.outputs.values()].map(({ watch }) => watch.lastWrite() ?? 0)
      const { wall, monotonic } = clock.now()
      return Math.max(0, Math.min(monotonic - run.at.monotonic, wall - Math.max(...writes)))
    },
    close() {
      cancelLook?.()
      emit = () => {}
      for (const run of live.values()) forget(run)
      launcher.close()
      runs.close()
    },
  }
}
