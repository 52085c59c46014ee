/** Replacing the copies of an agent whose description has changed, a few at a time. Pure. */

/** How a copy stands. */
export type Copy =
  /** Nothing of it runs. */
  | 'absent'
  /** Of an earlier description, and of use. */
  | 'old'
  /** Of an earlier description, and whether it is of use is not known yet. */
  | 'old-unknown'
  /** Of an earlier description, and of no use. */
  | 'old-useless'
  /** New, and not of use yet, or not at the moment. */
  | 'coming'
  /** New, and of use. */
  | 'new'
  /** New, and has ended, or took too long. */
  | 'failed'

export interface Roll {
  /** To be ended and started anew now. */
  readonly replace: readonly string[]
  /** Those on whose account nothing more is replaced. */
  readonly failed: readonly string[]
}

/** What is to be replaced next, so that no more than so many copies are of no use on account of that. */
export function roll(copies: ReadonlyMap<string, Copy>, maxUnavailable: number): Roll {
  const are = (...kinds: readonly Copy[]): readonly string[] =>
    [...copies].flatMap(([name, copy]) => (kinds.includes(copy) ? [name] : []))
  const failed = are('failed')
  if (failed.length > 0) return { replace: [], failed }
  const missing = copies.size - are('old', 'new').length
  const room = Math.max(0, maxUnavailable - missing)
  // Nobody misses what is of no use.
  return { replace: [...are('old-useless'), ...are('old').slice(0, room)], failed: [] }
}
