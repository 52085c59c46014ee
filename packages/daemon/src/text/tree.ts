interface Member {
  readonly id: string
  /** The id of what it stands under. */
  readonly under: string | null
}

export interface Placed<T> {
  readonly item: T
  /** The lines that lead to it: `│  └─ `. */
  readonly branch: string
}

/** Each under its own, in the order given; one whose own is not among them is a root. */
export function inTree<T extends Member>(items: readonly T[]): readonly Placed<T>[] {
  const ids = new Set(items.map(({ id }) => id))
  const byParent = Map.groupBy(items, ({ under }) => (under !== null && ids.has(under) ? under : null))
  const placed: Placed<T>[] = []
  // By hand, because a chain of parents may be deeper than a stack.
  const open = (byParent.get(null) ?? []).toReversed().map((item) => ({ item, branch: '', indent: '' }))
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { item, branch, indent } = next
    placed.push({ item, branch })
    const children = byParent.get(item.id) ?? []
    for (const [index, child] of children.toReversed().entries()) {
      const last = index === 0
      open.push({
        item: child,
        branch: `${indent}${last ? '└─ ' : '├─ '}`,
        indent: `${indent}${last ? '   ' : '│  '}`,
      })
    }
  }
  return placed
}
