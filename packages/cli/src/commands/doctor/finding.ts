/**
 * What one check found. `problem`: something does not work or is not safe, and the command exits with 1.
 * `warning`: something is missing that is only needed at times. `fixed`: it was a problem until now.
 */
export interface Finding {
  readonly check: string
  readonly state: 'ok' | 'warning' | 'problem' | 'fixed'
  /** A sentence; with a problem also what to do. */
  readonly detail: string
}

export interface CheckOptions {
  readonly home: string
  /** Repair what can be repaired without a decision of the person. */
  readonly fix: boolean
}

/** The system's code of an error, or its text. */
export function reason(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return error instanceof Error ? error.message : String(error)
}
