/**
 * The candidate that is most likely meant: at most two typing errors away, or what the word begins, or begins with. Case and
 * what stands between words do not count: `dependsOn` means `depends_on`.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const meant = plain(word)
  if (meant.length > LONGEST) return undefined
  const limit = Math.min(2, Math.floor(meant.length / 2))
  const known = [...candidates].map((candidate) => ({ candidate, as: plain(candidate) }))
  const [best] = known
    .filter(({ as }) => Math.abs(as.length - meant.length) <= limit)
    .map(({ candidate, as }) => ({
      candidate,
      errors: typingErrors(meant, as),
      begun: Number(as.startsWith(meant)),
    }))
    .filter(({ errors }) => errors <= limit)
    .toSorted((a, b) => a.errors - b.errors || b.begun - a.begun)
  if (best !== undefined) return best.candidate
  if (meant.length < 3) return undefined
  const related = known.filter(({ as }) => as.length > 2 && (as.startsWith(meant) || meant.startsWith(as)))
  // Of `max_cost` and `max`, the longer says more of `max_cost_usd`.
  return related.toSorted((a, b) => b.as.length - a.as.length)[0]?.candidate
}

/** Nobody means a name with a word of this length. */
const LONGEST = 100

const plain = (word: string): string => word.toLowerCase().replaceAll(/[_\s-]/g, '')

/** How many letters are too many, missing, wrong, or swapped with their neighbour. */
function typingErrors(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  const cell = (i: number, j: number): number => rows[i]?.[j] ?? Infinity
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    rows.push(row)
    for (let j = 1; j <= b.length; j += 1) {
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? cell(i - 2, j - 2) + 1 : Infinity
      const changed = cell(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(swapped, changed, cell(i - 1, j) + 1, cell(i, j - 1) + 1))
    }
  }
  return cell(a.length, b.length)
}
