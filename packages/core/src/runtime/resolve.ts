import { OvermindError } from '../model/errors.ts'
import type { MissionId } from '../model/ids.ts'

export interface Named {
  readonly id: MissionId
  readonly name: string
  readonly live: boolean
  /** Milliseconds since 1970. */
  readonly createdAt: number
}

/**
 * Finds the mission that a person means: by id, by the name of a mission that is not exited, by the name
 * of the newest exited one, or by the beginning of its id.
 *
 * @throws OvermindError `not_found`, `ambiguous_id`
 */
export function resolveMission<T extends Named>(
  reference: string,
  byId: ReadonlyMap<string, T>,
  all: Iterable<T>,
): T {
  const exact = byId.get(reference)
  if (exact !== undefined) return exact
  let named: T | undefined
  const beginning: T[] = []
  for (const candidate of all) {
    if (candidate.name === reference && preferred(candidate, named)) named = candidate
    if (reference !== '' && candidate.id.startsWith(reference)) beginning.push(candidate)
  }
  if (named !== undefined) return named
  const [only, other] = beginning
  if (only === undefined) {
    throw new OvermindError(
      'not_found',
      `no mission with the id or name ${JSON.stringify(reference.slice(0, 80))}`,
      { value: reference },
    )
  }
  if (other !== undefined) {
    const some = beginning.slice(0, 4).map(({ id, name }) => `${id} (${name})`)
    const more = beginning.length > some.length ? ` and ${beginning.length - some.length} more` : ''
    throw new OvermindError(
      'ambiguous_id',
      `${reference} begins the ids of several missions: ${some.join(', ')}${more}`,
      {
        value: reference,
      },
    )
  }
  return only
}

function preferred(candidate: Named, over: Named | undefined): boolean {
  if (over === undefined) return true
  if (candidate.live !== over.live) return candidate.live
  return candidate.createdAt >= over.createdAt
}
