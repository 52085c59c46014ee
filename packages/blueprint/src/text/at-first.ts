/** Nobody reads more suggestions, and each takes a look at all names. */
const MOST = 100

/** Looks the first hundred times that it is asked to. */
export function atFirst(): <T>(look: () => T) => T | undefined {
  let asked = 0
  return (look) => ((asked += 1) > MOST ? undefined : look())
}
