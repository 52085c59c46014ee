/** The slots of a runtime: who is at work, who waits for that, and whose turn it is. Kept in step with what is on record. */
import type { Slots } from '../mission/mission.ts'
import { type Candidate, firstInLine, inOrder, type Share } from '../mission/policy/turn.ts'
import { type ConcurrencyLimits, limitsByScope, scopesOf, type SlotScope } from '../model/concurrency.ts'
import type { MissionId } from '../model/ids.ts'
import { hasRun, type MissionRecord, type Phase } from '../model/state.ts'
import type { Clock } from '../model/time.ts'

/** A limit, and how much of it is taken. */
export interface SlotUse {
  readonly scope: SlotScope
  readonly most: number
  /** May be more than `most`, when that was lowered or a person would not wait. */
  readonly taken: number
}

/** A mission that waits for a slot. */
export interface Waiting {
  readonly id: MissionId
  /** The limits that keep it waiting now. Empty when it is about to start. */
  readonly full: readonly SlotScope[]
  /** Milliseconds since 1970. */
  readonly since: number
}

/** What a runtime's concurrency limits hold up at one moment. */
export interface Queue {
  readonly limits: readonly SlotUse[]
  /** In the order in which they would start, if only by their order. */
  readonly waiting: readonly Waiting[]
}

export interface SlotTable extends Slots {
  /** From now on, those that wait get their turn. */
  open(): void
  /** From now on, nobody does. */
  close(): void
  /** @throws OvermindError `invalid_limits`; then nothing has changed */
  limit(limits: ConcurrencyLimits): void
  /** The mission is no longer on record. */
  forget(id: MissionId): void
  view(): Queue
}

interface SlotDeps {
  readonly clock: Clock
  readonly limits: ConcurrencyLimits
  /** The mission that this one belongs to, if that is known. */
  parentOf(id: MissionId): MissionId | null
  /** Tells a mission that waits that its turn has come. */
  call(id: MissionId): void
}

export function createSlots({ clock, limits: initial, parentOf, call }: SlotDeps): SlotTable {
  let limits = limitsByScope(initial)
  let opened = false
  let calling = false
  const waiting = new Map<MissionId, Candidate>()
  /** Those that have been told that it is their turn, and have not begun yet. */
  const called = new Set<MissionId>()
  /** Those at work, and what they take. */
  const holding = new Map<MissionId, readonly string[]>()
  const taken = new Map<string, number>()
  const served = new Map<string, number>()

  const takenOf = (key: string): number => taken.get(key) ?? 0
  const shareOf = (group: string): Share => ({ atWork: takenOf(group), served: served.get(group) ?? 0 })

  function fullOf(scopes: readonly SlotScope[]): readonly SlotScope[] {
    if (limits.size === 0) return []
    return scopes.filter((scope) => takenOf(scope) >= (limits.get(scope) ?? Infinity))
  }

  function groupsOf({ id, spec }: MissionRecord): readonly string[] {
    let head = id
    for (let above = spec.parent; above !== null; above = parentOf(above)) head = above
    return [`colony ${spec.colony}`, `family ${head}`]
  }

  function serve(groups: readonly string[], at: number): void {
    for (const group of groups) served.set(group, Math.max(at, served.get(group) ?? 0))
  }

  function hold(id: MissionId, keys: readonly string[]): void {
    if (holding.has(id)) return
    // A colony is a scope and a group.
    const own = [...new Set(keys)]
    holding.set(id, own)
    for (const key of own) taken.set(key, takenOf(key) + 1)
  }

  function release(id: MissionId): void {
    for (const key of holding.get(id) ?? []) {
      const left = takenOf(key) - 1
      if (left === 0) taken.delete(key)
      else taken.set(key, left)
    }
    holding.delete(id)
  }

  function candidateOf(record: MissionRecord, scopes: readonly SlotScope[]): Candidate {
    const { id, spec, state, createdAt } = record
    return {
      id,
      priority: spec.priority,
      scopes,
      groups: groupsOf(record),
      since: state.queuedAt ?? createdAt,
    }
  }

  /** Lets those start for whom there is a slot. A slot is theirs from the moment that they are told. */
  function callNext(): void {
    if (!opened || calling) return
    calling = true
    try {
      const eligible = (): readonly Candidate[] =>
        [...waiting.values()].filter(({ id, scopes }) => !called.has(id) && fullOf(scopes).length === 0)
      for (
        let next = firstInLine(eligible(), shareOf);
        next !== undefined;
        next = firstInLine(eligible(), shareOf)
      ) {
        called.add(next.id)
        hold(next.id, [...next.scopes, ...next.groups])
        call(next.id)
      }
    } finally {
      calling = false
    }
  }

  return {
    full: ({ spec }) => fullOf(scopesOf(spec)),
    note(record, before) {
      const { id, spec, state } = record
      if (before !== null && before.phase === state.phase && before.queuedAt === state.queuedAt) return
      const scopes = scopesOf(spec)
      if (scopes.length === 0) return
      const worked = holding.has(id) && !called.has(id)
      called.delete(id)
      if (waits(record)) {
        release(id)
        waiting.set(id, candidateOf(record, scopes))
      } else {
        waiting.delete(id)
        if (isAtWork(state.phase)) {
          if (!worked) {
            const groups = groupsOf(record)
            hold(id, [...scopes, ...groups])
            serve(groups, state.startedAt?.wall ?? clock.now().wall)
          }
        } else {
          release(id)
          // Whose turn it was is still known when it has ended, to the supervisor that comes next.
          if (before === null && state.startedAt !== null) serve(groupsOf(record), state.startedAt.wall)
        }
      }
      if (waiting.size > 0) callNext()
    },
    open() {
      opened = true
      callNext()
    },
    close() {
      opened = false
    },
    limit(next) {
      limits = limitsByScope(next)
      callNext()
    },
    forget(id) {
      waiting.delete(id)
      served.delete(`family ${id}`)
    },
    view: () => ({
      limits: [...limits].map(([scope, most]) => ({ scope, most, taken: takenOf(scope) })),
      waiting: inOrder(waiting.values(), shareOf).map(({ id, scopes, since }) => ({
        id,
        full: called.has(id) ? [] : fullOf(scopes),
        since,
      })),
    }),
  }
}

function waits({ state }: MissionRecord): boolean {
  return (state.phase === 'pending.queued' || state.phase === 'restarting.queued') && state.queuedAt !== null
}

/** From its first start until it has exited: the pause before a restart is part of its work, the wait for its account is not. */
function isAtWork(phase: Phase): boolean {
  return hasRun(phase) || phase === 'restarting.backoff'
}
