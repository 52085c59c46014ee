import type { Snapshot } from 'xstate'

/**
 * The error (or output) of an actor that ends because it is no longer wanted: clean, whatever its reason.
 * A supervisor restarts a transient child that throws anything else, and leaves alone one that throws this.
 *
 * @example
 * ```ts
 * const worker = fromPromise(async () => {
 *   if (await nothingLeftToDo()) throw new Shutdown('the queue is empty')
 * })
 * ```
 */
export class Shutdown extends Error {
  override readonly name = 'Shutdown'
  readonly reason: unknown

  constructor(reason?: unknown) {
    super(typeof reason === 'string' ? reason : reason instanceof Error ? reason.message : 'shutdown')
    this.reason = reason
  }
}

/** How a life ended. `normal` and `shutdown` are clean, `error` and `killed` are not. */
export type ExitReason =
  | { readonly kind: 'normal'; readonly output: unknown }
  | { readonly kind: 'shutdown'; readonly reason: unknown }
  | { readonly kind: 'error'; readonly error: unknown }
  /** Stopped by its supervisor without being asked, or because it did not end in time when asked. */
  | { readonly kind: 'killed' }

export function isClean(exit: ExitReason): boolean {
  return exit.kind === 'normal' || exit.kind === 'shutdown'
}

/** What a final snapshot says; nothing else decides. An actor that somebody stopped was shut down. */
export function exitOf(snapshot: Snapshot<unknown>): ExitReason {
  switch (snapshot.status) {
    case 'done':
      return snapshot.output instanceof Shutdown
        ? { kind: 'shutdown', reason: snapshot.output.reason }
        : { kind: 'normal', output: snapshot.output }
    case 'error':
      return snapshot.error instanceof Shutdown
        ? { kind: 'shutdown', reason: snapshot.error.reason }
        : { kind: 'error', error: snapshot.error }
    case 'stopped':
    case 'active':
      return { kind: 'shutdown', reason: undefined }
  }
}
