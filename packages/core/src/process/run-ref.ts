import type { MissionId, Run } from '../model/ids.ts'

export interface RunRef {
  readonly mission: MissionId
  readonly run: Run
}

/** One text for one run, for maps. */
export function keyOf({ mission, run }: RunRef): string {
  return `${mission}.${run}`
}
