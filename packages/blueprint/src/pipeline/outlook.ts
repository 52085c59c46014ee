/** What a pipeline does now and what its agents wait for, in sentences for people. Pure. */
import type { Blueprint, Condition, Dependency } from '../blueprint.ts'
import { unitsOf } from '../units.ts'
import { type AgentState, edgeIs, stateIn } from './decide.ts'

/** So many agents are named; of the others it is said how many they are. */
const MOST = 10

const TO: Readonly<Record<Condition, string>> = {
  completed: 'to complete',
  failed: 'to fail',
  ended: 'to end',
  started: 'to start',
  ready: 'to be ready',
}

export function outlookOf(
  { agents, maxParallel }: Pick<Blueprint, 'agents' | 'maxParallel'>,
  states: ReadonlyMap<string, AgentState>,
): readonly string[] {
  const isIn = (kind: AgentState['kind'], name: string): boolean => stateIn(states, name).kind === kind
  const waiting = unitsOf(agents).filter((unit) => unit.agents.every(({ name }) => isIn('waiting', name)))
  const live = agents.flatMap(({ name }) => (isIn('live', name) ? [name] : []))
  const sentences = waiting.slice(0, MOST).map(({ team, agents: [first], dependsOn }) => {
    const who = team === null ? first?.name : `The team ${team.name}`
    const open = dependsOn.filter((edge) => edgeIs(edge, stateIn(states, edge.agent)) === 'open')
    if (open.length > 0) return `${who} waits for ${listed(open.map(inWords))}.`
    return `${who} waits for a place: no more than ${maxParallel} run at a time.`
  })
  return [
    ...(live.length === 0 ? [] : [`At work: ${listed(live)}.`]),
    ...sentences,
    ...(waiting.length > MOST ? [`${waiting.length - MOST} more agents wait.`] : []),
  ]
}

const inWords = ({ agent, when }: Dependency): string => `${agent} ${TO[when]}`

function listed(parts: readonly string[]): string {
  const rest = parts.length - MOST
  const named = rest > 0 ? [...parts.slice(0, MOST), `${rest} more`] : parts
  const last = named.at(-1) ?? ''
  return named.length < 2 ? last : `${named.slice(0, -1).join(', ')} and ${last}`
}
