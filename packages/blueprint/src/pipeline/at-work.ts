import type { Control, Environment, Runtime } from '@overmind/core'

export interface Pipeline extends Control {
  /** What it was applied with. */
  readonly env: Environment
  /** Whether it has stopped to replace copies, because of one that failed. */
  isPaused(): boolean
  /** Whether it ends its agents, and then itself. */
  isEnding(): boolean
  /** Another pipeline takes its agents over: it ends well, and leaves them as they are. Not when it is ending. */
  handOver(): void
}

/** The pipelines at work, by mission. */
const pipelines = new WeakMap<Runtime, Map<string, Pipeline>>()

/** Notes that a mission is this pipeline, for as long as it is at work. */
export function enter(runtime: Runtime, mission: string, pipeline: Pipeline): void {
  const own = pipelines.get(runtime) ?? new Map<string, Pipeline>()
  pipelines.set(runtime, own)
  own.set(mission, pipeline)
  const forget = (): void => {
    if (own.get(mission) === pipeline) own.delete(mission)
  }
  pipeline.over.then(forget, forget)
}

/** The pipeline that a mission is, while it is at work. */
export function pipelineOf(runtime: Runtime, mission: string): Pipeline | undefined {
  return pipelines.get(runtime)?.get(mission)
}
