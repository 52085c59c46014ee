/** Which of the missions that are there are the agents that are declared. */
import type { Mission, Runtime } from '@overmind/core'
import type { Blueprint } from '../blueprint.ts'
import { type Unit, unitsOf } from '../units.ts'
import { AGENT_LABEL, FINGERPRINT_LABEL, PIPELINE_LABEL } from './labels.ts'
import { teamOf } from './members.ts'

export interface Found {
  /** By agent: declared as it is. */
  readonly current: ReadonlyMap<string, Mission>
  /** By agent: copies of an earlier description that are alive. */
  readonly old: ReadonlyMap<string, Mission>
  /** Of nobody that is declared, or of one that is to start anew. */
  readonly retired: readonly Mission[]
}

interface Declared {
  readonly blueprint: Blueprint
  readonly prints: ReadonlyMap<string, string>
  /** When this run of the pipeline began. */
  readonly begun: number
}

export function findAgents(runtime: Runtime, { blueprint, prints, begun }: Declared): Found {
  const current = new Map<string, Mission>()
  const old = new Map<string, Mission>()
  const retired: Mission[] = []
  const copies = new Set(blueprint.agents.flatMap(({ name, replica }) => (replica === null ? [] : [name])))
  for (const mission of runtime.list()) {
    const { spec, state } = mission.view()
    if (spec.labels[PIPELINE_LABEL] !== blueprint.name) continue
    const agent = spec.labels[AGENT_LABEL] ?? ''
    const isCurrent = prints.has(agent) && prints.get(agent) === spec.labels[FINGERPRINT_LABEL]
    const isOld = !isCurrent && copies.has(agent) && state.exit === null
    if (!isCurrent && !isOld) {
      retired.push(mission)
      continue
    }
    // The newest counts.
    const kind = isCurrent ? current : old
    const before = kind.get(agent)
    if (before !== undefined) retired.push(before)
    kind.set(agent, mission)
  }

  for (const unit of unitsOf(blueprint.agents).filter(isToStart)) {
    for (const { name } of unit.agents) drop(name, current)
  }
  for (const name of current.keys()) drop(name, old)
  return { current, old, retired }

  function drop(name: string, missions: Map<string, Mission>): void {
    const mission = missions.get(name)
    if (mission !== undefined) retired.push(mission)
    missions.delete(name)
  }

  /** Whether a part of it is missing, or has failed in an earlier run of the pipeline: in this one it waits for its turn again. */
  function isToStart({ agents }: Unit): boolean {
    return agents.some(({ name }) => {
      const mission = current.get(name)
      if (mission === undefined) return true
      const { exit } = mission.view().state
      const hasFailed = exit !== null && exit.at < begun && exit.class !== 'completed'
      return hasFailed && teamOf(runtime, mission) === undefined
    })
  }
}
