import type { AnyActorRef } from 'xstate'
import type { Clock } from '../model/time.ts'
import type { Report } from './report.ts'

/** What of an actor's scope a supervisor uses. */
export interface Scope {
  readonly self: AnyActorRef
  readonly stopChild: (child: AnyActorRef) => void
}

/** What the supervisors of one tree have in common. */
export interface Environment {
  readonly clock: Clock
  readonly onReport: (report: Report) => void
}
