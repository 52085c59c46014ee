import type { MissionView } from '@overmind/client'
import { ToolFailure } from './failures.ts'

/** What has to be known of a mission to say whose it is. */
export type Member = Pick<MissionView, 'id' | 'name' | 'parent' | 'status' | 'created_at'>

export const MEMBER_FIELDS = ['id', 'name', 'parent', 'status', 'created_at'] as const

const OVER: ReadonlySet<MissionView['status']> = new Set(['stopped', 'crashed', 'killed'])

/** Whether it has exited for good. */
export function isOver({ status }: Pick<MissionView, 'status'>): boolean {
  return OVER.has(status)
}

/** All that belongs to these missions, however deep, and not they themselves. */
export function below<M extends Member>(missions: readonly M[], tops: ReadonlySet<string>): readonly M[] {
  const byParent = Map.groupBy(missions, ({ parent }) => parent)
  const found = new Map<string, M>()
  const queue = [...tops]
  for (let top = queue.pop(); top !== undefined; top = queue.pop()) {
    for (const child of byParent.get(top) ?? []) {
      if (found.has(child.id) || tops.has(child.id)) continue
      found.set(child.id, child)
      queue.push(child.id)
    }
  }
  return missions.filter(({ id }) => found.has(id))
}

/** What one may see and touch who acts for a mission; of a person who has none, what was started for that person. */
export function mineOf<M extends Member>(
  missions: readonly M[],
  self: string | null,
  started: ReadonlySet<string>,
): readonly M[] {
  if (self !== null) return below(missions, new Set([self]))
  const theirs = new Set(below(missions, started).map(({ id }) => id))
  return missions.filter(({ id }) => started.has(id) || theirs.has(id))
}

/** How many missions are above one; a parent that has been forgotten still counts, those above it cannot. */
export function depthOf(missions: readonly Member[], id: string): number {
  const byId = new Map(missions.map((mission) => [mission.id, mission]))
  const seen = new Set<string>()
  let depth = 0
  for (
    let at = byId.get(id)?.parent ?? null;
    at !== null && !seen.has(at);
    at = byId.get(at)?.parent ?? null
  ) {
    seen.add(at)
    depth += 1
  }
  return depth
}

/**
 * The mission that is meant, by id, name or the unique beginning of an id, as the daemon would find it if there were no
 * others than these.
 *
 * @throws ToolFailure `not_found`, `ambiguous_id`
 */
export function find<M extends Member>(missions: readonly M[], ref: string): M {
  const exact = missions.find(({ id }) => id === ref)
  if (exact !== undefined) return exact
  const named = missions.filter(({ name }) => name === ref)
  const live = named.filter((mission) => !isOver(mission))
  const newest = (live.length > 0 ? live : named).toSorted((a, b) => a.created_at.localeCompare(b.created_at))
  const [only, other] = missions.filter(({ id }) => ref !== '' && id.startsWith(ref))
  const found = newest.at(-1) ?? only
  if (found === undefined) {
    throw new ToolFailure(
      'not_found',
      `no mission of yours has the id or name ${JSON.stringify(ref.slice(0, 80))}; list_missions shows them`,
    )
  }
  if (newest.length === 0 && other !== undefined) {
    throw new ToolFailure('ambiguous_id', `${ref} begins the ids of several of your missions`)
  }
  return found
}
