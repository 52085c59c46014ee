import type { MissionActor } from '../mission/mission.ts'
import { OvermindError } from '../model/errors.ts'

/** @throws OvermindError `not_running` for a mission that has exited */
export function mustRun(actor: MissionActor): void {
  const { id, name, state } = actor.record()
  if (state.exit === null) return
  throw new OvermindError('not_running', `mission ${id} (${name}) is not running: it is ${actor.status()}`)
}
