export type {
  Agent,
  Blueprint,
  Condition,
  Dependency,
  EnvValue,
  OnFailure,
  Probe,
  ProbeTimes,
} from './blueprint.ts'
export { checkDocument, type CheckOptions } from './check.ts'
export type { BlueprintDocument, SourceOptions } from './load.ts'
export { documentOf, parseBlueprint } from './parse.ts'
export { BlueprintError, type Lines, type Problem } from './problem.ts'
export { fillIn, type Quoting, type Reference, references } from './references.ts'
export { type GraphFormat, renderGraph } from './render-graph.ts'
export { blueprintSchema } from './schema.ts'
export type { Settings } from './variables.ts'
