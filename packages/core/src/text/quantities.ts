/** Times and sizes as people write them. */

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const

const DURATION = new RegExp(
  `^(?=.)${UNITS.map(([unit]) => String.raw`(?:(\d+(?:\.\d+)?)${unit}(?![a-z]))?`).join('')}$`,
)

/**
 * Whole milliseconds, from a number of seconds, or of what `plain` says, or a text with units from days to milliseconds, each at most
 * once; undefined for what is neither.
 *
 * @example
 * ```ts
 * durationMs('1h30m') // 5_400_000
 * durationMs(0.5) // 500
 * ```
 */
export function durationMs(given: number | string, plain: 's' | 'ms' = 's'): number | undefined {
  if (typeof given === 'number' || /^\d+(?:\.\d+)?$/.test(given))
    return Math.round(Number(given) * (plain === 's' ? 1000 : 1))
  const amounts = DURATION.exec(given)?.slice(1)
  if (amounts === undefined) return undefined
  return Math.round(UNITS.reduce((sum, [, ms], index) => sum + Number(amounts[index] ?? 0) * ms, 0))
}

const SIZES = ['', 'K', 'M', 'G', 'T']

/** Whole bytes, from a number of them or a text such as `512K`, `1.5G`: each unit is 1024 of the one before. */
export function sizeBytes(given: number | string): number | undefined {
  if (typeof given === 'number') return given
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)([KMGT]?)$/i.exec(given) ?? []
  if (amount === undefined) return undefined
  return Math.round(Number(amount) * 1024 ** SIZES.indexOf(unit.toUpperCase()))
}
