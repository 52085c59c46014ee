import { type Mission, OvermindError, type Runtime } from '@overmind/core'
import { endMission } from '../end-mission.ts'
import { forgetMission } from '../forget-mission.ts'
import { endTogether } from './end-together.ts'
import { PIPELINE_LABEL } from './labels.ts'
import { pipelinesNamed } from './named.ts'

/**
 * Ends a pipeline with all its agents, and forgets them and their output: applied again, it begins anew.
 *
 * @returns how many missions are forgotten
 * @throws OvermindError `not_found`
 */
export async function takeDown(runtime: Runtime, name: string): Promise<number> {
  const pipelines = pipelinesNamed(runtime, name)
  const agents = (): readonly Mission[] =>
    runtime.list().filter(({ view }) => view().spec.labels[PIPELINE_LABEL] === name)
  if (pipelines.length === 0 && agents().length === 0)
    throw new OvermindError('not_found', `there is no pipeline ${name}`, { value: name })
  // A pipeline ends its agents, and starts no more; those that it had handed over, or left, are ended behind it.
  for (const mission of pipelines) await endMission(mission, 'stop')
  // From now on there are more only where somebody applies it anew.
  const left = agents()
  await endTogether(runtime, left, 'stop')
  let forgotten = 0
  for (const mission of [...left, ...pipelines]) if (await forgetMission(runtime, mission)) forgotten += 1
  return forgotten
}
