/** How often a supervisor may restart: OTP's intensity and period. */
export interface Intensity {
  /** Restarts allowed within the period. An integer, 0 or more. */
  readonly maxRestarts: number
  /** The period, in seconds, on the monotonic clock. More than 0. */
  readonly maxSeconds: number
}

/** Restarts charged at one millisecond. */
export interface Charge {
  /** Whole milliseconds on the monotonic clock. */
  readonly at: number
  readonly count: number
}

export interface Charged {
  readonly exceeded: boolean
  /** The charges that still count, oldest first. */
  readonly charges: readonly Charge[]
}

/**
 * Charges one restart at `now`. The window slides, and its edge is inside: a restart exactly `maxSeconds` ago
 * still counts. So `maxRestarts` restarts go through within the period, and one more is too many.
 */
export function charge(
  charges: readonly Charge[],
  now: number,
  { maxRestarts, maxSeconds }: Intensity,
): Charged {
  const at = Math.floor(now)
  const recent = charges.filter((one) => one.at >= at - maxSeconds * 1000)
  const last = recent.at(-1)
  // A storm of restarts is kept as one entry for each millisecond.
  const next =
    last?.at === at ? [...recent.slice(0, -1), { at, count: last.count + 1 }] : [...recent, { at, count: 1 }]
  const total = next.reduce((sum, { count }) => sum + count, 0)
  return { exceeded: total > maxRestarts, charges: next }
}
