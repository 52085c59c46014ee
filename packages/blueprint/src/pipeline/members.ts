/** What becomes of the missions of a team: its supervisor may start again what has ended. */
import { type Mission, OvermindError, type Runtime, type Team } from '@overmind/core'

/** The team that supervises a mission; undefined when none does, or not any more. */
export function teamOf(runtime: Runtime, mission: Mission): Team | undefined {
  const membership = mission.view().spec.team
  if (membership === null) return undefined
  return runtime.teams().find((team) => {
    const { name, outcome, members } = team.view()
    return (
      name === membership.team &&
      outcome === undefined &&
      members.some(({ mission: id }) => id === mission.id)
    )
  })
}

/** Whether a member that has ended stays so, unless its team starts it again together with another. */
export function isAtRest(mission: Mission): boolean {
  const { spec, state } = mission.view()
  const restart = spec.team?.restart
  const reason = state.ending?.reason
  switch (state.exit?.class) {
    case undefined:
      return false
    case 'completed':
      return restart !== 'permanent'
    case 'stopped':
    case 'killed':
      // A person ended it.
      return reason !== 'team-restart' && reason !== 'team-end'
    default:
      return restart === 'temporary'
  }
}

/** Settles with true when a mission is in such a state, with false when the signal aborts before, or it can be seen no more. */
export async function comesTo(
  mission: Mission,
  test: (state: ReturnType<Mission['view']>['state']) => boolean,
  signal: AbortSignal,
): Promise<boolean> {
  return mission.until(test, { signal }).then(
    () => !signal.aborted,
    (error: unknown) => {
      if (signal.aborted || isOutOfSight(error)) return false
      throw error
    },
  )
}

/** Whether something is not known any more: the runtime closes, and the next one looks anew, or the mission was forgotten. */
export function isOutOfSight(error: unknown): boolean {
  return error instanceof OvermindError && (error.code === 'runtime_closed' || error.code === 'not_found')
}
