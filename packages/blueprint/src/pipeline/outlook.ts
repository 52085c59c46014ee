/** What a pipeline does now and what its agents wait for, in sentences for people. Pure. */
import type { Blueprint, Condition, Dependency } from '../blueprint.ts'
import { listed, MOST_LISTED } from '../text/listed.ts'
import { unitsOf } from '../units.ts'
import type { Change } from './changes.ts'
import { type AgentState, edgeIs, isAtWork, stateIn } from './decide.ts'

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
  const waiting = unitsOf(agents).filter((unit) =>
    unit.agents.every(({ name }) => stateIn(states, name).kind === 'waiting'),
  )
  const live = agents.flatMap(({ name }) => (isAtWork(stateIn(states, name)) ? [name] : []))
  const sentences = waiting.slice(0, MOST_LISTED).map(({ team, agents: [first], dependsOn }) => {
    const who = team === null ? first?.name : `The team ${team.name}`
    const open = dependsOn.filter((edge) => edgeIs(edge, stateIn(states, edge.agent)) === 'open')
    if (open.length > 0) return `${who} waits for ${listed(open.map(inWords))}.`
    return `${who} waits for a place: no more than ${maxParallel} run at a time.`
  })
  return [
    ...(live.length === 0 ? [] : [`At work: ${listed(live)}.`]),
    ...sentences,
    ...(waiting.length > MOST_LISTED ? [`${waiting.length - MOST_LISTED} more agents wait.`] : []),
  ]
}

/** Nothing of a change that is done. */
export function changeInWords({ of, done, all, paused }: Change): readonly string[] {
  if (paused !== null) return [`The change of ${of} is paused: ${paused}. Apply a mended file to go on.`]
  return done === all ? [] : [`${of} is being changed: ${done} of ${all} are new.`]
}

const inWords = ({ agent, when }: Dependency): string => `${agent} ${TO[when]}`
