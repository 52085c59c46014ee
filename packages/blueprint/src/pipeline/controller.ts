import type { Controller } from '@overmind/core'
import { checkDocument } from '../check.ts'
import { checkAgent } from './agent-input.ts'
import { enter } from './at-work.ts'
import { runPipeline } from './pipeline.ts'

/** What missions of pipelines name as their provider. */
export const PROVIDER = 'blueprint'

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
      enter(work.runtime, work.mission.id, pipeline)
      return pipeline
    },
  }
}
