import type { Hook } from '../config/config.ts'
import type { Outcome } from './decide.ts'
import type { Delivery } from './delivery.ts'
import type { Pace } from './pace.ts'
import { post } from './post.ts'
import { runCommand } from './run-command.ts'

export interface AttemptOptions {
  readonly home: string
  /** For programs that are started. */
  readonly pace: Pace
  /** Gives it up. */
  readonly signal: AbortSignal
}

/** One try to bring a delivery to where its hook wants it. */
export function attempt(
  { target, timeoutMs }: Hook,
  delivery: Delivery,
  { home, pace, signal }: AttemptOptions,
): Promise<Outcome> {
  if (target.kind === 'url') return post(target, delivery, { timeoutMs, signal })
  return pace(() => runCommand(target, delivery, { timeoutMs, signal, home }))
}
