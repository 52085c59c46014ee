/** Chance that can be repeated: the same seed makes the same choices, though not at the same moments. */
export interface Chance {
  /** In [0, 1). */
  next(): number
  /** A whole number of `least` to `most`. */
  between(least: number, most: number): number
  /** True so often in a hundred. */
  percent(often: number): boolean
  /** @throws RangeError when there is nothing to choose from */
  of<T>(options: readonly T[]): T
  weighted<T extends { readonly weight: number }>(options: readonly T[]): T
  /** Another, whose choices do not depend on how often this one is asked. */
  fork(): Chance
}

/** Mulberry32: small, and even enough for choices. */
export function chance(seed: number): Chance {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const of = <T>(options: readonly T[]): T => {
    if (options.length === 0) throw new RangeError('there is nothing to choose from')
    // In the range of the list, whose elements may be undefined themselves.
    return options[Math.floor(next() * options.length)] as T
  }
  return {
    next,
    between: (least, most) => least + Math.floor(next() * (most - least + 1)),
    percent: (often) => next() * 100 < often,
    of,
    weighted(options) {
      let left = next() * options.reduce((sum, { weight }) => sum + weight, 0)
      return options.find(({ weight }) => (left -= weight) < 0) ?? of(options)
    },
    fork: () => chance(Math.floor(next() * 2 ** 32)),
  }
}
