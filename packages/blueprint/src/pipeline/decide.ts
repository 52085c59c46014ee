/** What follows for a pipeline from what has become of its agents. Pure. */
import type { Agent, Blueprint, Dependency } from '../blueprint.ts'
import { type Unit, unitsOf } from '../units.ts'

export type AgentState =
  /** It has not been started, and may be. */
  | { readonly kind: 'waiting' }
  /** A copy of an earlier description runs; it is replaced when its turn comes. */
  | { readonly kind: 'outdated' }
  /** `up`: it runs, or has run. `ready`: its probe has said so once. */
  | { readonly kind: 'live'; readonly up: boolean; readonly ready: boolean }
  | { readonly kind: 'ended'; readonly ok: boolean; readonly up: boolean; readonly ready: boolean }
  /** `fine`: it was there for what did not come, such as a failure. */
  | { readonly kind: 'skipped'; readonly fine: boolean }

export interface Step {
  /** To be started now, in this order. */
  readonly start: readonly Unit[]
  readonly skip: readonly { readonly agent: string; readonly because: string; readonly fine: boolean }[]
  /** A dependency says that all ends; why. */
  readonly stop: string | null
  /** Nothing is left to be done; whether all agents ended well. */
  readonly over: { readonly ok: boolean } | null
}

const WAITING: AgentState = { kind: 'waiting' }

export function stateIn(states: ReadonlyMap<string, AgentState>, agent: string): AgentState {
  return states.get(agent) ?? WAITING
}

/** How an edge stands. */
type Edge = 'met' | 'open' | 'impossible'

/**
 * What is to be done next. Who is skipped may decide about others, so that it is to be asked again when something is
 * skipped; and when something has started, ended or become ready. `turns`: copies of earlier descriptions that may be replaced.
 */
export function decide(
  { agents, maxParallel }: Pick<Blueprint, 'agents' | 'maxParallel'>,
  states: ReadonlyMap<string, AgentState>,
  turns: readonly string[] = [],
): Step {
  const stateOf = (agent: string): AgentState => stateIn(states, agent)
  const units = unitsOf(agents)
  const are = (kind: AgentState['kind'], { agents: all }: Unit): boolean =>
    all.every(({ name }) => stateOf(name).kind === kind)
  const isTurn = (unit: Unit): boolean =>
    are('outdated', unit) && unit.agents.every(({ name }) => turns.includes(name))
  const waiting = units.filter((unit) => are('waiting', unit) || isTurn(unit))
  const skip: { agent: string; because: string; fine: boolean }[] = []
  const due: Unit[] = []
  for (const unit of waiting) {
    const edges = unit.dependsOn.map((edge) => ({ edge, stands: edgeIs(edge, stateOf(edge.agent)) }))
    const failed = edges.filter(({ stands }) => stands === 'impossible')
    const stops = failed.find(({ edge }) => edge.onFailure === 'stop')
    if (stops !== undefined) return { start: [], skip: [], stop: reasonFor(stops.edge, stateOf), over: null }
    const skips = failed.find(({ edge }) => edge.onFailure === 'skip')
    if (skips !== undefined) {
      // What runs of it is better than nothing.
      if (are('outdated', unit)) continue
      const fine = isFine(skips.edge, stateOf(skips.edge.agent))
      const because = reasonFor(skips.edge, stateOf)
      for (const { name } of unit.agents) skip.push({ agent: name, because, fine })
    } else if (edges.every(({ stands }) => stands !== 'open')) due.push(unit)
  }
  // What is replaced has its place.
  const replaced = due.filter(isTurn)
  const others = due.filter((unit) => !isTurn(unit))
  const fits = maxParallel === null ? others : fitting(others, maxParallel - placesTaken(units, stateOf))
  return { start: [...replaced, ...fits], skip, stop: null, over: overOf(agents, stateOf) }
}

/** A team keeps the places of all its members until none is at work: it may start any of them again. */
function placesTaken(units: readonly Unit[], stateOf: (agent: string) => AgentState): number {
  return units
    .filter((unit) => unit.agents.some(({ name }) => isAtWork(stateOf(name))))
    .reduce((sum, unit) => sum + unit.agents.length, 0)
}

export function isAtWork({ kind }: AgentState): boolean {
  return kind === 'live' || kind === 'outdated'
}

/** The first ones for which there is room; nobody overtakes a team that needs more of it. */
function fitting(units: readonly Unit[], room: number): readonly Unit[] {
  const fits: Unit[] = []
  let left = room
  for (const unit of units) {
    left -= unit.agents.length
    if (left < 0) break
    fits.push(unit)
  }
  return fits
}

function overOf(agents: readonly Agent[], stateOf: (agent: string) => AgentState): Step['over'] {
  const states = agents.map(({ name }) => stateOf(name))
  if (states.some((state) => state.kind === 'waiting' || isAtWork(state))) return null
  return {
    ok: states.every((state) => (state.kind === 'ended' ? state.ok : state.kind === 'skipped' && state.fine)),
  }
}

export function edgeIs({ when }: Dependency, state: AgentState): Edge {
  if (state.kind === 'skipped') return 'impossible'
  if (state.kind === 'waiting' || state.kind === 'outdated') return 'open'
  const isOver = state.kind === 'ended'
  const verdict = (met: boolean): Edge => (met ? 'met' : isOver ? 'impossible' : 'open')
  switch (when) {
    case 'completed':
      return verdict(isOver && state.ok)
    case 'failed':
      return verdict(isOver && !state.ok)
    case 'ended':
      return verdict(isOver)
    case 'started':
      return verdict(state.up)
    case 'ready':
      return verdict(state.ready)
  }
}

/** Nothing went wrong: it waited for a failure that did not come. */
function isFine({ when }: Dependency, state: AgentState): boolean {
  if (state.kind === 'skipped') return state.fine
  return when === 'failed' && state.kind === 'ended' && state.ok
}

function reasonFor({ agent, when }: Dependency, stateOf: (agent: string) => AgentState): string {
  const state = stateOf(agent)
  if (state.kind === 'skipped') return `${agent} was skipped`
  switch (when) {
    case 'completed':
    case 'ended':
      return `${agent} failed`
    case 'failed':
      return `${agent} did not fail`
    case 'started':
      return `${agent} was never started`
    case 'ready':
      return `${agent} ended before it was ready`
  }
}
