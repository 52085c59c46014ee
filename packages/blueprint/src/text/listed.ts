/** So many parts are named; of the others it is said how many they are. */
export const MOST_LISTED = 10

/** `a, b and c`. */
export function listed(parts: readonly string[]): string {
  const rest = parts.length - MOST_LISTED
  const named = rest > 0 ? [...parts.slice(0, MOST_LISTED), `${rest} more`] : parts
  const last = named.at(-1) ?? ''
  return named.length < 2 ? last : `${named.slice(0, -1).join(', ')} and ${last}`
}
