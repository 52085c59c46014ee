export type * from './blueprint.ts'
export {
  type Applied,
  applyBlueprint,
  type ApplyOptions,
  type Change,
  diffBlueprint,
  type Outcome,
  pipelineNamed,
} from './pipeline/apply.ts'
export { takeDown } from './pipeline/down.ts'
export { checkDocument } from './document/check.ts'
export { blueprintController } from './pipeline/controller.ts'
export { AGENT_LABEL, FINGERPRINT_LABEL, PIPELINE_LABEL } from './pipeline/labels.ts'
export { ritualController } from './ritual/controller.ts'
export type { Missed, Overlap, RitualOptions } from './ritual/options.ts'
export type { RitualClock } from './ritual/ritual.ts'
