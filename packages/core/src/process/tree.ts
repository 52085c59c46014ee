import type { MissionId, Run } from '../model/ids.ts'
import type { ProcessIdentity } from '../model/state.ts'
import { isSameProcess, type Marker, type ProcessEntry } from './process-table.ts'

/** A run whose processes are looked for. */
export interface Family {
  readonly mission: MissionId
  readonly run: Run
  readonly home: string
  /** Its keeper: the leader of its session and process group. */
  readonly leader: ProcessIdentity | null
  /** It is known otherwise that the session of this number is the keeper's still. Default: it must be proved. */
  readonly sessionIsOurs?: boolean
  /** What is in its control group and carries no other mark. Default: nothing, as without such groups. */
  readonly grouped?: readonly ProcessEntry[]
}

/** A look at many processes at one moment. */
export interface Snapshot {
  readonly boot: string
  readonly entries: readonly ProcessEntry[]
  marker(pid: number): Marker | null
}

export interface Member extends ProcessEntry {
  /** It left the keeper's process group: a signal to the group does not reach it. */
  readonly stray: boolean
}

/** Whether what a process carries is the mark of this run. */
export function isMarkOf({ mission, run, home }: Omit<Family, 'leader'>, marker: Marker | null): boolean {
  return (
    marker?.kind === 'mission' && marker.mission === mission && marker.run === run && marker.home === home
  )
}

/**
 * The processes of a run: whatever is in its control group, carries its marker, shares the
 * keeper's session, or descends from such a process. A process that belongs to another mission, or to Overmind itself, is nobody's child.
 * Nothing is counted in by its number alone: a session counts only while the keeper lives or a process
 * in it carries the marker, because numbers are given out again.
 */
export function membersOf(family: Family, snapshot: Snapshot): readonly Member[] {
  const { leader } = family
  const carries = (pid: number): boolean => isMarkOf(family, snapshot.marker(pid))
  const belongsElsewhere = (pid: number): boolean => {
    const marker = snapshot.marker(pid)
    return marker !== null && marker.kind !== 'changing' && !carries(pid)
  }

  const ours = new Map<number, ProcessEntry>(family.grouped?.map((entry) => [entry.pid, entry]))
  for (const entry of snapshot.entries) if (carries(entry.pid)) ours.set(entry.pid, entry)

  if (leader !== null) {
    const inSession = snapshot.entries.filter(
      (entry) => (entry.session ?? entry.group) === leader.pid && !belongsElsewhere(entry.pid),
    )
    const keeper = snapshot.entries.find((entry) => entry.pid === leader.pid)
    const keeperLives =
      keeper !== undefined &&
      isSameProcess(leader, { pid: keeper.pid, start: keeper.start, boot: snapshot.boot })
    if (family.sessionIsOurs === true || keeperLives || inSession.some((entry) => ours.has(entry.pid))) {
      for (const entry of inSession) ours.set(entry.pid, entry)
    }
  }

  for (let grew = ours.size > 0; grew;) {
    grew = false
    for (const entry of snapshot.entries) {
      if (ours.has(entry.parent) && !ours.has(entry.pid) && !belongsElsewhere(entry.pid)) {
        ours.set(entry.pid, entry)
        grew = true
      }
    }
  }
  return [...ours.values()].map((entry) => ({ ...entry, stray: entry.group !== leader?.pid }))
}
