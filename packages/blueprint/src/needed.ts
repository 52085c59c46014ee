import type { Mission, Runtime } from '@overmind/core'
import { PIPELINE_LABEL } from './pipeline/labels.ts'
import { DUE_LABEL, RITUAL_LABEL } from './ritual/labels.ts'

/**
 * Which pipeline or ritual at work goes by a mission: an agent that is forgotten meanwhile would be run again, and so would be a time
 * of a ritual without the last mission that it has started. As things are now.
 */
export function neededBy(runtime: Runtime): (mission: Mission) => Mission | undefined {
  const missions = runtime.list()
  const atWork = missions.filter((mission) => mission.view().state.exit === null)
  const ofType = (type: string): readonly Mission[] => atWork.filter(({ view }) => view().spec.type === type)
  const pipelines = new Map(ofType('blueprint').map((mission) => [mission.name, mission]))
  const rituals = new Map<string, Mission>(ofType('ritual').map((mission) => [mission.id, mission]))
  const last = new Map<string, Mission>()
  for (const mission of missions) {
    const ritual = labelOf(mission, RITUAL_LABEL)
    const before = last.get(ritual)
    // Times in this form are in the order of their letters.
    if (before === undefined || labelOf(mission, DUE_LABEL) > labelOf(before, DUE_LABEL))
      last.set(ritual, mission)
  }
  return (mission) => {
    const ritual = labelOf(mission, RITUAL_LABEL)
    const isLast = last.get(ritual)?.id === mission.id
    return pipelines.get(labelOf(mission, PIPELINE_LABEL)) ?? (isLast ? rituals.get(ritual) : undefined)
  }
}

function labelOf({ view }: Mission, label: string): string {
  return view().spec.labels[label] ?? ''
}
