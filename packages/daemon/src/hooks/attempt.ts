import type { Hook } from '../config/config.ts'
import type { Outcome } from './decide.ts'
import type { Delivery } from './delivery.ts'
import { post } from './post.ts'
import { runCommand } from './run-command.ts'

export interface AttemptOptions {
  readonly home: string
  /** Gives it up. */
  readonly signal: AbortSignal
}

/** One try to bring a delivery to where its hook wants it. */
export function attempt(
  { target, timeoutMs }: Hook,
  delivery: Delivery,
  { home, signal }: AttemptOptions,
): Promise<Outcome> {
  const options = { timeoutMs, signal, home }
  return target.kind === 'url' ? post(target, delivery, options) : runCommand(target, delivery, options)
}
