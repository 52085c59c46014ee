import { OvermindError, type Runtime } from '@overmind/core'
import { fieldsIn } from '../document/plain.ts'
import { type Applied, applyBlueprint } from './apply.ts'
import { pipelineOf } from './at-work.ts'
import { pipelineNamed } from './named.ts'

/**
 * Changes how many copies of agents there are, as applying a blueprint with those numbers would.
 *
 * @throws OvermindError `not_found`, `not_running`, `invalid_spec`
 */
export async function scalePipeline(
  runtime: Runtime,
  name: string,
  replicas: Readonly<Record<string, number>>,
): Promise<Applied> {
  const mission = pipelineNamed(runtime, name)
  if (mission === undefined)
    throw new OvermindError('not_found', `there is no pipeline ${name}`, { value: name })
  const pipeline = pipelineOf(runtime, mission.id)
  if (pipeline === undefined || pipeline.isEnding()) {
    const how = `is ${pipeline === undefined ? 'not at work' : 'being ended'}: apply its blueprint with the number that you want`
    throw new OvermindError('not_running', `pipeline ${mission.id} (${name}) ${how}`)
  }
  const { options, cwd, command } = mission.view().spec
  return applyBlueprint(runtime, scaled(options['document'], replicas), {
    cwd,
    env: pipeline.env,
    source: command.kind === 'shell' ? command.line : name,
  })
}

function scaled(document: unknown, replicas: Readonly<Record<string, number>>): unknown {
  const { agents, ...rest } = fieldsIn(document)
  const changed = Object.entries(fieldsIn(agents)).map(([agent, given]): [string, unknown] => {
    const wanted = replicas[agent]
    return [agent, wanted === undefined ? given : { ...fieldsIn(given), replicas: wanted }]
  })
  for (const agent of Object.keys(replicas)) {
    const given = fieldsIn(fieldsIn(agents)[agent])
    if (given['replicas'] !== undefined) continue
    const message = Object.hasOwn(fieldsIn(agents), agent)
      ? `the agent ${agent} has no replicas in its blueprint`
      : `the blueprint has no agent ${agent}`
    throw new OvermindError('invalid_spec', message, { field: agent })
  }
  return { ...rest, agents: Object.fromEntries<unknown>(changed) }
}
