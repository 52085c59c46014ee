/**
 * What one supervisor knows of another that is its child: that it takes its time to start, and wants to be
 * asked to stop, since it has children to stop first.
 */
import type { AnyActorLogic, AnyActorRef, AnyEventObject, Snapshot } from 'xstate'

const supervising = new WeakSet<object>()

/** Marks the logic of a supervisor. */
export function supervises<Logic extends AnyActorLogic>(logic: Logic): Logic {
  supervising.add(logic)
  return logic
}

export function isSupervisor(logic: unknown): boolean {
  return typeof logic === 'object' && logic !== null && supervising.has(logic)
}

export const STOP = 'supervisor.stop'

export type SupervisorPhase = 'starting' | 'running' | 'stopping' | 'ended'

export function startsLate(logic: AnyActorLogic): ((snapshot: Snapshot<unknown>) => boolean) | undefined {
  if (!isSupervisor(logic)) return undefined
  return (snapshot) => 'phase' in snapshot && (snapshot.phase === 'running' || snapshot.phase === 'ended')
}

export function asksToStop({ src }: Pick<AnyActorRef, 'src'>): AnyEventObject | undefined {
  return isSupervisor(src) ? { type: STOP } : undefined
}
