import { type Mission, type MissionInput, OvermindError, type Runtime } from '@overmind/core'
import type { Agent, Team } from '../blueprint.ts'

/** An agent, and what its mission is made of. */
export interface Beginning {
  readonly agent: Agent
  readonly input: MissionInput
}

interface Where {
  readonly runtime: Runtime
  readonly pipeline: string
  readonly team: Team | null
}

/**
 * Starts what starts in one step; the missions, by agent. Where somebody else has a name, all get one that is made up.
 *
 * @throws OvermindError as `runtime.start` and `runtime.supervisor` do
 */
export async function begin(
  beginnings: readonly Beginning[],
  where: Where,
): Promise<ReadonlyMap<string, Mission>> {
  const { runtime, pipeline, team } = where
  try {
    const name = team === null ? undefined : `${pipeline}.${team.name}`
    return await (team === null ? alone(beginnings, runtime) : together(beginnings, { runtime, team, name }))
  } catch (error) {
    if (!(error instanceof OvermindError) || error.code !== 'name_taken') throw error
    const unnamed = beginnings.map(({ agent, input }) => ({ agent, input: { ...input, name: undefined } }))
    return team === null ? alone(unnamed, runtime) : together(unnamed, { runtime, team, name: undefined })
  }
}

async function alone(
  beginnings: readonly Beginning[],
  runtime: Runtime,
): Promise<ReadonlyMap<string, Mission>> {
  const begun = new Map<string, Mission>()
  for (const { agent, input } of beginnings) begun.set(agent.name, await runtime.start(input))
  return begun
}

async function together(
  beginnings: readonly Beginning[],
  { runtime, team: { strategy, maxRestarts, maxSeconds }, name }: TeamOf,
): Promise<ReadonlyMap<string, Mission>> {
  const members = beginnings.map(({ agent, input }) => ({
    id: agent.name,
    mission: input,
    restart: agent.team?.restart,
  }))
  const team = await runtime.supervisor({ name, strategy, maxRestarts, maxSeconds, members })
  return new Map(members.map(({ id }) => [id, team.mission(id)]))
}

interface TeamOf {
  readonly runtime: Runtime
  readonly team: Team
  readonly name: string | undefined
}
