/** Looks at processes, taken together and remembered where that is safe, because a look costs a system call a process. */
import type { Clock } from '../model/time.ts'
import type { Marker, ProcessEntry, ProcessTable } from './process-table.ts'
import type { Snapshot } from './tree.ts'

/** Between two looks that are closer together than this, the system's numbers cannot come round again. */
const CONTINUITY_MS = 1000
/** After so long a process without a marker has none. */
const SETTLED_MS = 1000
/** For so long what was seen of an orphan counts, while its number stays in the list. */
const REMEMBERED_MS = 5000

export interface Snapshots {
  /**
   * All processes. Many runs may ask at once, as when all missions are ended: they share one look, and no more
   * than half of the time is spent on looking, however many processes there are.
   */
  all(): Promise<Snapshot>
  /** All processes, at once, and nothing of what was seen before. */
  allNow(): Snapshot
  /**
   * Those that lost their parent, which is where whatever a finished run left must be. Cheap, but what it
   * shows of a process may be seconds old: check again what is found. Processes in `known`, of which it is known
   * already whose they are, are left out.
   */
  orphans(known: ReadonlySet<number>): Snapshot
}

/** Whether what a process was seen to carry is what it carries for good. */
function isSettled(marker: Marker | null, ageMs: number): boolean {
  return marker === null ? ageMs > SETTLED_MS : marker.kind !== 'changing'
}

export function createSnapshots(table: ProcessTable, clock: Clock): Snapshots {
  interface Seen {
    readonly entry: ProcessEntry | null
    readonly marker: Marker | null
    readonly at: number
    /** When its number first came up. */
    readonly since: number
  }
  let seen: ReadonlyMap<number, Seen> = new Map()
  let seenAt = -Infinity
  let next: Promise<Snapshot> | undefined

  function allNow(): Snapshot {
    const markers = new Map<number, Marker | null>()
    const marker = (pid: number): Marker | null => {
      const known = markers.get(pid)
      if (known !== undefined) return known
      const read = table.marker(pid)
      markers.set(pid, read)
      return read
    }
    return { boot: table.boot, entries: table.scan(), marker }
  }

  /** Markers by process: one that was there stays, also when another program takes the process over without it. */
  let markers: ReadonlyMap<string, { readonly marker: Marker | null; readonly since: number }> = new Map()
  /** When the next look may begin. */
  let restedAt = -Infinity

  function allRemembered(): Snapshot {
    const began = clock.now().monotonic
    const entries = table.scan()
    const current = new Map<string, { readonly marker: Marker | null; readonly since: number }>()
    const byPid = new Map<number, Marker | null>()
    for (const { pid, start } of entries) {
      const key = `${pid} ${start}`
      const known = markers.get(key)
      const since = known?.since ?? began
      const settled = known !== undefined && isSettled(known.marker, began - since)
      const marker = settled ? known.marker : table.marker(pid)
      current.set(key, { marker, since })
      byPid.set(pid, marker)
    }
    markers = current
    const ended = clock.now().monotonic
    restedAt = ended + (ended - began)
    return { boot: table.boot, entries, marker: (pid) => byPid.get(pid) ?? null }
  }

  function look(pid: number, at: number, since: number): Seen {
    const entry = table.entry(pid)
    return { entry, marker: entry === null ? null : table.marker(pid), at, since }
  }

  /** A process that has only just come may be about to become another program, and show its marker then. */
  function holds({ entry, marker, at, since }: Seen, now: number): boolean {
    if (entry !== null && !isSettled(marker, now - since)) return false
    return now - at < REMEMBERED_MS
  }

  return {
    allNow,
    all: () => {
      next ??= new Promise((resolve, reject) => {
        const begin = (): void => {
          next = undefined
          try {
            resolve(allRemembered())
          } catch (error) {
            reject(error)
          }
        }
        const rest = restedAt - clock.now().monotonic
        if (rest <= 0) setImmediate(begin)
        else clock.timer(rest, begin)
      })
      return next
    },
    orphans: (others) => {
      const pids = table.orphans()
      if (pids === null) return allNow()
      const now = clock.now().monotonic
      const before = now - seenAt < CONTINUITY_MS ? seen : undefined
      const current = new Map(
        pids
          .filter((pid) => !others.has(pid))
          .map((pid) => {
            const known = before?.get(pid)
            return [
              pid,
              known !== undefined && holds(known, now) ? known : look(pid, now, known?.since ?? now),
            ]
          }),
      )
      seen = current
      seenAt = now
      const entries = [...current.values()].flatMap(({ entry }) => entry ?? [])
      return { boot: table.boot, entries, marker: (pid) => current.get(pid)?.marker ?? null }
    },
  }
}
