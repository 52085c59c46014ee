import type { Receipt, Run, SentSignal } from '../../src/index.ts'
import type { HostEvent, Launch, ProcessHost } from '../../src/process/host.ts'
import type { RunRef } from '../../src/process/run-ref.ts'
import type { SteppingClock } from './stepping-clock.ts'

/** What a run's processes are like. */
export interface Temper {
  /** Ends only by SIGKILL. */
  readonly stubborn: boolean
  /** Does not even end by SIGKILL. */
  readonly unkillable: boolean
}

interface Tree {
  readonly ref: RunRef
  readonly temper: Temper
  readonly startedAt: number
  readonly signals: SentSignal[]
  leader: boolean
  others: number
  /** The host looks no longer. */
  abandoned: boolean
}

/** What the host was told to do. */
export type Order =
  | { readonly type: 'spawn'; readonly launch: Launch }
  | { readonly type: 'signal'; readonly ref: RunRef; readonly signal: NodeJS.Signals }
  | { readonly type: 'give-up'; readonly ref: RunRef }

export interface FakeHost extends ProcessHost {
  /** Starts that were not answered yet. */
  readonly starting: readonly Launch[]
  /** What the mission has not heard yet, in order. */
  readonly news: readonly HostEvent[]
  /** Runs with living processes. */
  living(): readonly Run[]
  /** For how long the newest run has been silent. */
  quietMs: number
  begin(temper: Temper): boolean
  refuse(retry: boolean): boolean
  /** The leader of the newest run ends by itself and leaves some processes. */
  leaderEnds(code: number, leaves: number): boolean
  /** Somebody else kills everything of the newest run. */
  killedFromOutside(): boolean
  /** What is left of all runs ends by itself. */
  othersEnd(): boolean
  /** Takes the next piece of news. */
  takeNews(): HostEvent | undefined
}

/** Processes made of numbers: everything the real host does, and nothing happens by itself. */
export function fakeHost(clock: SteppingClock, onOrder: (order: Order) => void): FakeHost {
  const starting: Launch[] = []
  const news: HostEvent[] = []
  const trees = new Map<Run, Tree>()
  let nextPid = 1000

  const newest = (): Tree | undefined => [...trees.values()].at(-1)
  const size = (tree: Tree): number => (tree.leader ? 1 : 0) + tree.others

  function receiptOf(tree: Tree, left: readonly number[] = []): Receipt {
    return { signals: [...tree.signals], strays: 0, left }
  }

  function leaderGone(tree: Tree, code: number | null): void {
    tree.leader = false
    if (tree.abandoned) return
    const { monotonic, wall } = clock.now()
    const ran = monotonic - tree.startedAt
    const exit =
      code === null
        ? ({ kind: 'lost', cause: 'vanished', at: wall, ran } as const)
        : ({ kind: 'code', code, at: wall, ran } as const)
    news.push({ type: 'exited', ref: tree.ref, exit, left: tree.others, receipt: receiptOf(tree) })
  }

  function emptied(tree: Tree): void {
    if (!tree.abandoned) news.push({ type: 'emptied', ref: tree.ref, receipt: receiptOf(tree) })
  }

  const unused = (): never => {
    throw new Error('not part of this fake')
  }

  return {
    boot: 'boot',
    starting,
    news,
    quietMs: 0,
    living: () => [...trees.values()].filter((tree) => size(tree) > 0).map((tree) => tree.ref.run),
    listen: unused,
    cgroups: unused,
    mustSupport: unused,
    recover: unused,
    unknownKeepers: unused,
    tell: unused,
    usage: unused,
    close: async () => {},
    spawn(launch) {
      onOrder({ type: 'spawn', launch })
      starting.push(launch)
    },
    async signal(ref, signal) {
      onOrder({ type: 'signal', ref, signal })
      const tree = trees.get(ref.run)
      if (tree === undefined || tree.abandoned || size(tree) === 0) return
      tree.signals.push({ signal, processes: size(tree), at: clock.now().wall })
      const ends =
        signal === 'SIGKILL' ? !tree.temper.unkillable : !tree.temper.stubborn && !tree.temper.unkillable
      if (!ends) return
      const hadLeader = tree.leader
      tree.others = 0
      if (hadLeader) leaderGone(tree, signal === 'SIGKILL' ? 137 : 143)
      else emptied(tree)
    },
    async giveUp(ref) {
      onOrder({ type: 'give-up', ref })
      const tree = trees.get(ref.run)
      if (tree === undefined || tree.abandoned) return
      tree.abandoned = true
      news.push({
        type: 'emptied',
        ref,
        receipt: receiptOf(
          tree,
          Array.from({ length: size(tree) }, (_, index) => index + 1),
        ),
      })
    },
    quietFor() {
      return this.quietMs
    },
    begin(temper) {
      const launch = starting.shift()
      if (launch === undefined) return false
      const ref = { mission: launch.mission, run: launch.run }
      const at = clock.now()
      trees.set(launch.run, {
        ref,
        temper,
        startedAt: at.monotonic,
        signals: [],
        leader: true,
        others: 0,
        abandoned: false,
      })
      news.push({ type: 'started', ref, process: { pid: (nextPid += 1), start: '1', boot: 'boot' }, at })
      return true
    },
    refuse(retry) {
      const launch = starting.shift()
      if (launch === undefined) return false
      news.push({
        type: 'refused',
        ref: { mission: launch.mission, run: launch.run },
        reason: 'refused',
        retry,
      })
      return true
    },
    leaderEnds(code, leaves) {
      const tree = newest()
      if (tree === undefined || !tree.leader) return false
      tree.others += leaves
      leaderGone(tree, code)
      return true
    },
    killedFromOutside() {
      const tree = newest()
      if (tree === undefined || !tree.leader) return false
      tree.others = 0
      leaderGone(tree, null)
      return true
    },
    othersEnd() {
      let any = false
      for (const tree of trees.values()) {
        if (tree.leader || tree.others === 0) continue
        tree.others = 0
        emptied(tree)
        any = true
      }
      return any
    },
    takeNews: () => news.shift(),
  }
}
