export type {
  Agent,
  Blueprint,
  Condition,
  Dependency,
  EnvValue,
  OnFailure,
  Probe,
  ProbeTimes,
  Team,
} from './blueprint.ts'
export { checkDocument, type CheckOptions } from './check.ts'
export type { BlueprintDocument, SourceOptions } from './load.ts'
export { documentOf, parseBlueprint } from './parse.ts'
export {
  type Applied,
  applyBlueprint,
  type ApplyOptions,
  type Change,
  diffBlueprint,
  type Outcome,
} from './pipeline/apply.ts'
export { blueprintController } from './pipeline/controller.ts'
export { pipelineNamed } from './pipeline/named.ts'
export { scalePipeline } from './pipeline/scale.ts'
export { neededBy } from './needed.ts'
export { forgetMission } from './forget-mission.ts'
export { takeDown } from './pipeline/down.ts'
export { BlueprintError, type Lines, type Problem } from './problem.ts'
export { readIncluded } from './read-included.ts'
export { fillIn, type Quoting, type Reference, references } from './references.ts'
export { type GraphFormat, renderGraph } from './render-graph.ts'
export { ritualController } from './ritual/controller.ts'
export type { Missed, Overlap, RitualOptions } from './ritual/options.ts'
export type { RitualClock } from './ritual/ritual.ts'
export { blueprintSchema } from './schema.ts'
export type { Settings } from './variables.ts'
