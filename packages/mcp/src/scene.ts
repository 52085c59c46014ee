import type { OvermindClient } from '@overmind/client'
import { ToolFailure } from './failures.ts'
import { depthOf, find, isOver, type Member, MEMBER_FIELDS, mineOf } from './family.ts'
import { patiently } from './patience.ts'

export interface Limits {
  /** How many missions below its own may be alive at a time. */
  readonly maxChildren: number
  /** How deep below a mission without a parent it may start others. */
  readonly maxDepth: number
}

export const DEFAULT_LIMITS: Limits = { maxChildren: 20, maxDepth: 3 }

export interface SceneOptions {
  readonly client: OvermindClient
  /** The id of the mission that it acts for; null when it acts for a person. */
  readonly self: string | null
  /** `family`: only what belongs to its own mission, or what it has started when it has none. */
  readonly reach: 'family' | 'all'
  readonly limits: Limits
}

/** Whose tools these are, and what they may see and touch. Nothing is remembered that the daemon knows. */
export interface Scene extends SceneOptions {
  /** Those of all missions that may be seen. */
  visible<M extends Member>(missions: readonly M[]): readonly M[]
  /** @throws ToolFailure `not_found`, `ambiguous_id` */
  find(ref: string, signal: AbortSignal): Promise<Member>
  /** The same for several, each once. */
  findAll(refs: readonly string[], signal: AbortSignal): Promise<readonly Member[]>
  /** Begins what `begin` begins, unless that would break a limit. One at a time, so that two cannot take the last place. */
  admit<T extends { readonly id: string }>(begin: () => Promise<T>, signal: AbortSignal): Promise<T>
}

export function openScene(options: SceneOptions): Scene {
  const { client, self, reach, limits } = options
  /** By a person who has no mission of their own. */
  const started = new Set<string>()
  let turn: Promise<unknown> = Promise.resolve()

  async function everybody(signal: AbortSignal): Promise<readonly Member[]> {
    const ask = (): ReturnType<typeof client.list<(typeof MEMBER_FIELDS)[number]>> =>
      client.list({ all: true, fields: MEMBER_FIELDS, signal })
    return (await patiently(ask, signal)).missions
  }

  function visible<M extends Member>(missions: readonly M[]): readonly M[] {
    return reach === 'all' ? missions : mineOf(missions, self, started)
  }

  async function admit<T extends { readonly id: string }>(
    begin: () => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const all = await everybody(signal)
    mustBeAdmitted(all, { self, limits, started })
    const begun = await begin()
    if (self === null) started.add(begun.id)
    return begun
  }

  return {
    ...options,
    visible,
    find: async (ref, signal) => find(visible(await everybody(signal)), ref),
    findAll: async (refs, signal) => {
      const seen = visible(await everybody(signal))
      return [...new Set(refs.map((ref) => find(seen, ref)))]
    },
    admit: (begin, signal) => {
      const result = turn.then(() => {
        signal.throwIfAborted()
        return admit(begin, signal)
      })
      turn = result.catch(() => undefined) // told to its own caller
      return result
    },
  }
}

/** @throws ToolFailure `not_running`, `max_depth`, `max_children` */
export function mustBeAdmitted(
  missions: readonly Member[],
  { self, limits, started }: Pick<Scene, 'self' | 'limits'> & { readonly started: ReadonlySet<string> },
): void {
  if (self !== null) {
    const own = missions.find(({ id }) => id === self)
    if (own === undefined)
      throw new ToolFailure('not_found', `your own mission ${self} is not known any more`)
    if (isOver(own)) throw new ToolFailure('not_running', `your own mission ${self} has ended`)
  }
  const depth = self === null ? 0 : depthOf(missions, self) + 1
  if (depth > limits.maxDepth) {
    throw new ToolFailure(
      'max_depth',
      `a mission of yours would be ${depth} deep, and ${limits.maxDepth} is the limit: do this work yourself`,
    )
  }
  const alive = mineOf(missions, self, started).filter((mission) => !isOver(mission)).length
  if (alive >= limits.maxChildren) {
    throw new ToolFailure(
      'max_children',
      `${alive} missions of yours are alive, and ${limits.maxChildren} is the limit: wait for one, or stop one`,
    )
  }
}
