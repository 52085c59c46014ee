import type { Home } from './home.ts'
import type { HostEvent, ProcessHost } from './host.ts'
import type { Clock } from '../model/time.ts'
import { createCgroups } from './cgroups/cgroups.ts'
import { keptCommand } from './keeper.ts'
import { removeInput } from './input-files.ts'
import { type InputFeed, openInputFeed } from './input-feed.ts'
import { createLiveRuns } from './live-runs.ts'
import type { ProcessTable } from './process-table.ts'
import { findKeepers, isKeeper, recover } from './recovery.ts'
import { keyOf, type RunRef } from './run-ref.ts'
import { exitRecord, startOf } from './run-times.ts'
import { openRunsJournal, type RunsLine } from './runs-journal.ts'
import { createSnapshots } from './snapshots.ts'
import { createStarts } from './starts.ts'
import { isMarkOf, membersOf } from './tree.ts'
import type { ProcessIdentity } from '../model/state.ts'

/** How often what cannot tell by itself is looked for. Milliseconds. */
const LOOK_MS = 2000

/** After so long it is looked for why nothing comes through to a run. Milliseconds. */
const STUCK_MS = 3000

/** So few runs can be looked at thoroughly each time. */
const FEW = 200

export interface KeeperHostOptions {
  readonly home: Home
  readonly clock: Clock
  readonly table: ProcessTable
}

/** The process host of a real machine: it brings together what starts, what lives, and what was left. */
export function createKeeperHost({ home, clock, table }: KeeperHostOptions): ProcessHost {
  let listener: (event: HostEvent) => void = () => {}
  const feeds = new Map<string, InputFeed & { readonly ref: RunRef }>()

  function emit(event: HostEvent): void {
    // What it was still told comes before its end.
    if (event.type === 'exited') endInput(event.ref)
    listener(event)
  }

  function openFeed(ref: RunRef, adopted: boolean): void {
    const feed = openInputFeed(ref, {
      home,
      clock,
      adopted,
      onTold: (key) => emit({ type: 'told', ref, key }),
      onFault: (error) => emit({ type: 'fault', error }),
    })
    feeds.set(keyOf(ref), { ...feed, ref })
  }

  /** Does what nothing else must wait for: when it fails, that is told. */
  function guarded(act: () => void): void {
    try {
      act()
    } catch (error) {
      listener({ type: 'fault', error })
    }
  }

  /** Nothing is left of what it was called with and told; whatever it has put in the place of that, its end is told. */
  function endInput(ref: RunRef): void {
    const feed = feeds.get(keyOf(ref))
    feeds.delete(keyOf(ref))
    guarded(() => feed?.end())
    guarded(() => removeInput(ref, home))
  }

  const runs = openRunsJournal(home.runs)
  const snapshots = createSnapshots(table, clock)
  const cgroups = createCgroups(home.path)
  const live = createLiveRuns({
    home,
    clock,
    table,
    snapshots,
    cgroups,
    emit,
    hear: runs.check,
    recordOf: (ref, process, at) => {
      const line = runs
        .read()
        .findLast((candidate) => candidate.kind === 'exit' && keyOf(candidate) === keyOf(ref))
      return line?.kind === 'exit' ? exitRecord(line, process, at, { table, clock }) : undefined
    },
  })
  const starts = createStarts({
    home,
    clock,
    cgroups,
    emit: emitStart,
    onStarting: beAttentive,
    isBusy,
    findBegun,
  })
  let cancelLook: (() => void) | undefined
  let looks = 0
  runs.follow(onRunsLine, (error) => listener({ type: 'fault', error }))

  function onRunsLine(line: RunsLine): void {
    if (line.kind === 'exit') {
      live.ended(line, (process, at) => exitRecord(line, process, at, { table, clock }))
      return
    }
    if (line.kind === 'refused') {
      starts.refused(line, line.code)
      return
    }
    const { pid, start } = line
    const process = start === null ? table.identify(pid) : { pid, start, boot: table.boot }
    if (process !== null) begun(line, process)
  }

  function emitStart(event: HostEvent): void {
    if (event.type === 'refused') {
      const { ref } = event
      guarded(() => {
        const group = cgroups.find(ref, null)
        if (group !== null) cgroups.discard(group)
      })
      endInput(ref)
    }
    emit(event)
  }

  /** What fails here leaves the run among those that are being started, to be tried again. */
  function begun({ mission, run }: RunRef, process: ProcessIdentity): void {
    const launch = starts.find({ mission, run })
    if (launch === undefined) return
    const at = startOf(process, { table, clock })
    const { streams, outputLimitBytes, activity, limits } = launch
    const custody = limits === null ? 'marks' : 'cgroup'
    live.track(
      {
        mission,
        run,
        process,
        at,
        custody,
        streams,
        outputLimitBytes,
        activity,
        seen: {},
        adopted: false,
        killed: false,
      },
      'kept',
    )
    if (streams === 'talk') openFeed({ mission, run }, false)
    starts.begun({ mission, run })
    emit({ type: 'started', ref: { mission, run }, process, at })
  }

  function isBusy(session: number): boolean {
    return table.scan().some((entry) => entry.session === session)
  }

  function findBegun(refs: readonly RunRef[]): boolean {
    runs.check()
    const snapshot = snapshots.allNow()
    let settled = true
    for (const { mission, run } of refs) {
      const members = membersOf({ mission, run, home: home.path, leader: null }, snapshot)
      const keeper = members.find(({ pid }) => isKeeper(pid, table))
      if (keeper !== undefined) {
        begun({ mission, run }, { pid: keeper.pid, start: keeper.start, boot: table.boot })
      } else if (members.length > 0 && !live.has({ mission, run })) {
        // It carries the marker already and is about to become the keeper.
        settled = false
      }
    }
    return settled
  }

  /** While anything runs: hears what keepers write, and finds out about those that can write no more. */
  function beAttentive(): void {
    if (cancelLook !== undefined) return
    runs.hold(true)
    cancelLook = clock.timer(LOOK_MS, lookAround)
  }

  function lookAround(): void {
    cancelLook = undefined
    if (live.size === 0 && starts.size === 0) {
      runs.hold(false)
      return
    }
    beAttentive()
    looks += 1
    const thorough = live.size <= FEW || looks % 5 === 0
    const all = [runs.check, starts.checkLate, () => live.checkKeepers(thorough), live.lookAtWork, checkFeeds]
    for (const look of all) guarded(look)
  }

  /** A run that reads nothing holds up what it is told; one whose loop is gone is never told anything again. */
  function checkFeeds(): void {
    const stuck = [...feeds.values()].filter((feed) => feed.stuckFor() > STUCK_MS)
    if (stuck.length === 0) return
    const loops = table
      .scan()
      .filter(({ pid, group }) => pid !== group && keptCommand(table.commandLine(pid) ?? []) !== null)
      .map(({ pid }) => table.marker(pid))
    for (const { ref, ask } of stuck) {
      if (loops.some((marker) => isMarkOf({ ...ref, home: home.path }, marker))) ask()
      else emit({ type: 'deaf', ref })
    }
  }

  return {
    boot: table.boot,
    cgroups: cgroups.support,
    mustSupport: cgroups.mustSupport,
    listen: (given) => {
      listener = given
    },
    spawn: starts.start,
    recover: (abandoned) => {
      const findings = recover(abandoned, { home, clock, table, snapshots, runs, live, cgroups, emit })
      for (const [index, { mission, run, streams }] of abandoned.entries()) {
        const found = findings[index]?.kind
        if (streams === 'talk' && found !== 'never-started') openFeed({ mission, run }, true)
        if (found === 'ended') endInput({ mission, run })
      }
      cgroups.sweep(live.keys())
      if (live.size > 0) beAttentive()
      return findings
    },
    unknownKeepers: () => findKeepers(home, table, clock, live.keepers()),
    signal: live.signal,
    tell: (ref, { key, text }) => feeds.get(keyOf(ref))?.tell(key, text),
    giveUp: live.giveUp,
    quietFor: live.quietFor,
    usage: live.usage,
    async close() {
      cancelLook?.()
      listener = () => {}
      await starts.close()
      for (const feed of feeds.values()) feed.close()
      live.close()
      cgroups.close()
      runs.close()
    },
  }
}
