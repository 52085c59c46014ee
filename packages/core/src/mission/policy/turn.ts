/** Whose turn it is when a slot is free: a pure choice among those that wait. */
import type { SlotScope } from '../../model/concurrency.ts'
import type { MissionId } from '../../model/ids.ts'

export interface Candidate {
  readonly id: MissionId
  readonly priority: number
  /** Whose slots it takes. */
  readonly scopes: readonly SlotScope[]
  /** Whom it shares with others, the widest circle first: its colony, then the mission at the head of its family. */
  readonly groups: readonly string[]
  /** Milliseconds since 1970. */
  readonly since: number
}

/** What a group has of what there is. */
export interface Share {
  /** How many of it are at work. */
  readonly atWork: number
  /** When one of it was last let to work, in milliseconds since 1970; 0: never. */
  readonly served: number
}

/**
 * The one that comes first: of the highest priority; then of the group that has the least at work, and of these the one that
 * was served longest ago, colony by colony and then family by family; then the one that has waited longest, which of the same
 * moment is the one that is given first.
 */
export function firstInLine(
  candidates: Iterable<Candidate>,
  shareOf: (group: string) => Share,
): Candidate | undefined {
  let first: Candidate | undefined
  for (const candidate of candidates) {
    if (first === undefined || comesBefore(candidate, first, shareOf)) first = candidate
  }
  return first
}

function comesBefore(a: Candidate, b: Candidate, shareOf: (group: string) => Share): boolean {
  if (a.priority !== b.priority) return a.priority > b.priority
  for (const [index, group] of a.groups.entries()) {
    const other = b.groups[index]
    if (other === undefined || other === group) continue
    const [mine, theirs] = [shareOf(group), shareOf(other)]
    if (mine.atWork !== theirs.atWork) return mine.atWork < theirs.atWork
    if (mine.served !== theirs.served) return mine.served < theirs.served
  }
  return a.since < b.since
}

/** All of them in the order in which they would be let to work, one by one, if that were only a matter of order. */
export function inOrder(
  candidates: Iterable<Candidate>,
  shareOf: (group: string) => Share,
): readonly Candidate[] {
  const left = new Set(candidates)
  const taken = new Map<string, number>()
  const order: Candidate[] = []
  // Later than any time on record.
  let turn = Number.MAX_SAFE_INTEGER - left.size
  const served = new Map<string, number>()
  const share = (group: string): Share => {
    const { atWork, served: last } = shareOf(group)
    return { atWork: atWork + (taken.get(group) ?? 0), served: served.get(group) ?? last }
  }
  for (let next = firstInLine(left, share); next !== undefined; next = firstInLine(left, share)) {
    left.delete(next)
    order.push(next)
    turn += 1
    for (const group of next.groups) {
      taken.set(group, (taken.get(group) ?? 0) + 1)
      served.set(group, turn)
    }
  }
  return order
}
