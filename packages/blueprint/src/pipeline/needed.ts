import type { Mission, Runtime } from '@overmind/core'
import { PIPELINE_LABEL } from './labels.ts'

/** Which pipeline at work a mission is an agent of: one that is forgotten meanwhile would be run again. As things are now. */
export function neededBy(runtime: Runtime): (mission: Mission) => Mission | undefined {
  const atWork = new Map(
    runtime
      .list()
      .filter((mission) => mission.view().spec.type === 'blueprint' && mission.view().state.exit === null)
      .map((mission) => [mission.name, mission]),
  )
  return (mission) => atWork.get(mission.view().spec.labels[PIPELINE_LABEL] ?? '')
}
