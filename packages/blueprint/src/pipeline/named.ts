import type { Mission, Runtime } from '@overmind/core'
import type { Agent } from '../blueprint.ts'
import { checkDocument } from '../check.ts'
import { BlueprintError } from '../problem.ts'
import { fingerprints } from './fingerprint.ts'

/** The mission that is the pipeline of this name, or was it last. One that could not begin leaves the one before at work. */
export function pipelineNamed(runtime: Runtime, name: string): Mission | undefined {
  const named = pipelinesNamed(runtime, name)
  return named.findLast(({ view }) => view().state.exit === null) ?? named.at(-1)
}

/** The oldest first. */
export function pipelinesNamed(runtime: Runtime, name: string): readonly Mission[] {
  return runtime.list().filter((mission) => mission.name === name && mission.view().spec.type === 'blueprint')
}

/** Agents as pipelines of this name have declared them, by fingerprint. */
export function everDeclared(runtime: Runtime, name: string): ReadonlyMap<string, Agent> {
  const found = new Map<string, Agent>()
  for (const pipeline of pipelinesNamed(runtime, name)) {
    const blueprint = declaredIn(pipeline)
    const prints = fingerprints(blueprint)
    for (const agent of blueprint.agents) found.set(prints.get(agent.name) ?? '', agent)
  }
  return found
}

/** What a pipeline was applied with. Nothing when rules have become stricter since: that is no reason to apply nothing new. */
export function declaredIn(pipeline: Mission): { readonly agents: readonly Agent[] } {
  try {
    return checkDocument(pipeline.view().spec.options['document'])
  } catch (error) {
    if (!(error instanceof BlueprintError)) throw error
    return { agents: [] }
  }
}
