/** The copies whose description has changed, and those that take their places: how each stands, and whose turn it is. */
import type { Mission, Work } from '@overmind/core'
import { after } from '../after.ts'
import type { Agent, Blueprint, Update } from '../blueprint.ts'
import { listed } from '../text/listed.ts'
import { type AgentState, stateIn } from './decide.ts'
import { type Copy, roll } from './roll.ts'
import { followStanding } from './standing.ts'

/** What is known of a copy that runs. `late`: it has had its time, and was never of use. `refused`: its successor cannot be started. */
type Standing = 'unknown' | 'of-use' | 'of-no-use' | 'late' | 'refused'

/** A fleet of which copies are replaced. */
export interface Change {
  readonly of: string
  /** How many of how many are new, and of use. */
  readonly done: number
  readonly all: number
  /** Whose turn it is. */
  readonly replace: readonly string[]
  /** Why nothing more is replaced; null when it goes on. */
  readonly paused: string | null
}

export interface Changes {
  /** A copy of an earlier description was found: it is replaced when its turn comes. */
  replaceLater(agent: Agent, old: { readonly mission: Mission; readonly declared: Agent }): void
  /** A copy as it is declared runs. */
  follow(agent: Agent, mission: Mission): void
  /** Its successor is about to be started. */
  replacing(agent: string): void
  /** Its successor cannot be started, so that it goes on. */
  refused(agent: string): void
  /** The changes that are not done. */
  underWay(states: ReadonlyMap<string, AgentState>): readonly Change[]
}

interface Options {
  readonly work: Work
  readonly signal: AbortSignal
  /** A copy stands in another way. */
  readonly news: () => void
  readonly fail: (error: unknown) => void
}

export function createChanges({ agents }: Pick<Blueprint, 'agents'>, options: Options): Changes {
  const { work, signal, news, fail } = options
  const { mission: self } = work
  const changing = new Set<string>()
  const standings = new Map<string, Standing>()
  /** Those that have been of use once. */
  const proved = new Set<string>()
  const following = new Map<string, AbortController>()

  function follow(
    name: string,
    mission: Mission,
    { ready, update }: { ready: Agent['ready']; update: Update },
  ): AbortSignal {
    following.get(name)?.abort()
    const over = new AbortController()
    following.set(name, over)
    standings.set(name, 'unknown')
    proved.delete(name)
    const until = AbortSignal.any([signal, over.signal])
    const tell = (isOfUse: boolean): void => {
      if (until.aborted) return
      const before = standings.get(name)
      if (isOfUse) proved.add(name)
      if (isOfUse) standings.set(name, 'of-use')
      else if (before !== 'late' && before !== 'refused') standings.set(name, 'of-no-use')
      if (standings.get(name) !== before) news()
    }
    followStanding({ mission, ready, update }, { signal: until, tell }).catch((error: unknown) => {
      if (!until.aborted) fail(error)
    })
    return until
  }

  /** From when it was started, or this pipeline was: applied again, it has its time again. */
  async function expectIn(
    name: string,
    mission: Mission,
    { withinMs }: Update,
    until: AbortSignal,
  ): Promise<void> {
    const begun = Math.max(mission.view().createdAt, self.view().state.startedAt?.wall ?? 0)
    await after(begun + withinMs - Date.now(), until)
    if (proved.has(name)) return
    standings.set(name, 'late')
    news()
  }

  function copyIs(name: string, states: ReadonlyMap<string, AgentState>): Copy {
    const state = stateIn(states, name)
    const standing = standings.get(name) ?? 'unknown'
    switch (state.kind) {
      case 'waiting':
      case 'skipped':
        return 'absent'
      case 'outdated':
        if (standing === 'refused') return 'failed'
        return standing === 'of-use' ? 'old' : standing === 'unknown' ? 'old-unknown' : 'old-useless'
      case 'live':
        if (standing === 'late') return 'failed'
        return standing === 'of-use' ? 'new' : 'coming'
      case 'ended':
        return state.ok ? 'new' : 'failed'
    }
  }

  function because(name: string, { withinMs }: Update): string {
    switch (standings.get(name)) {
      case 'late':
        return `${name} was of no use within ${withinMs / 1000} s`
      case 'refused':
        return `${name} could not be started`
      default:
        return `${name} failed`
    }
  }

  function changeOf(of: string, states: ReadonlyMap<string, AgentState>): Change | undefined {
    const fleet = agents.filter(({ replica }) => replica?.of === of)
    const update = fleet[0]?.replica?.update
    if (update === undefined) return undefined
    const copies = new Map(fleet.map(({ name }) => [name, copyIs(name, states)]))
    const { replace, failed } = roll(copies, update.maxUnavailable)
    const old = fleet.filter(({ name }) => stateIn(states, name).kind === 'outdated').map(({ name }) => name)
    const isPaused = failed.length > 0 && old.length > 0
    return {
      of,
      done: [...copies.values()].filter((copy) => copy === 'new').length,
      all: copies.size,
      replace,
      paused: isPaused
        ? `${listed(failed.map((name) => because(name, update)))}; ${listed(old)} of the earlier description ${old.length === 1 ? 'goes' : 'go'} on`
        : null,
    }
  }

  return {
    replaceLater({ name, replica }, { mission, declared }) {
      if (replica === null) return
      changing.add(replica.of)
      const { ready, replica: before } = declared
      follow(name, mission, { ready, update: before?.update ?? replica.update })
    },
    follow({ name, replica, ready }, mission) {
      if (replica === null || !changing.has(replica.of)) return
      const until = follow(name, mission, { ready, update: replica.update })
      expectIn(name, mission, replica.update, until).catch((error: unknown) => {
        if (!until.aborted) fail(error)
      })
    },
    replacing(agent) {
      following.get(agent)?.abort()
      standings.delete(agent)
    },
    refused(agent) {
      standings.set(agent, 'refused')
    },
    underWay: (states) => [...changing].flatMap((of) => changeOf(of, states) ?? []),
  }
}
