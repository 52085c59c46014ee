import type { Controller, Runtime } from '@overmind/core'
import { checkDocument } from '../check.ts'
import { checkAgent } from './agent-input.ts'
import { type Pipeline, runPipeline } from './pipeline.ts'

/** What missions of pipelines name as their provider. */
export const PROVIDER = 'blueprint'

/** The pipelines at work, by mission. */
const pipelines = new WeakMap<Runtime, Map<string, Pipeline>>()

/**
 * Runs the pipelines of a runtime.
 *
 * @example
 * ```ts
 * await using runtime = await createRuntime({ controllers: [blueprintController()] })
 * const { mission } = await applyBlueprint(runtime, { agents: { hello: { command: 'echo hello' } } })
 * await mission.exited()
 * ```
 */
export function blueprintController(): Controller {
  return {
    name: PROVIDER,
    type: 'blueprint',
    async check({ options, cwd }, env, checkMission) {
      for (const agent of checkDocument(options['document']).agents) {
        checkAgent(agent, { cwd, env, checkMission })
      }
    },
    begin(work) {
      const pipeline = runPipeline(checkDocument(work.mission.view().spec.options['document']), work)
      const own = pipelines.get(work.runtime) ?? new Map<string, Pipeline>()
      pipelines.set(work.runtime, own)
      own.set(work.mission.id, pipeline)
      const forget = (): void => {
        if (own.get(work.mission.id) === pipeline) own.delete(work.mission.id)
      }
      pipeline.over.then(forget, forget)
      return pipeline
    },
  }
}

/** The pipeline that a mission is, while it is at work. */
export function pipelineOf(runtime: Runtime, mission: string): Pipeline | undefined {
  return pipelines.get(runtime)?.get(mission)
}
