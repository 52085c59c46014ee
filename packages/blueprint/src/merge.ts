import type { Table, Tree } from './document/tree.ts'
import { MERGED, pushedOutBy } from './inherit.ts'

/** What files have in common, and what a file that is included may have. */
export const SHARED: readonly string[] = ['vars', 'defaults', 'teams', 'agents']

export interface Merged {
  readonly tree: Table
  /** Teams and agents that stand in two files. */
  readonly twice: readonly {
    readonly path: readonly [field: string, name: string]
    readonly first: Tree
    readonly second: Tree
  }[]
}

/** Files as one, the later on top: variables and defaults replace each other, agents stand side by side. Of the last, all is kept. */
export function merge(below: readonly Table[], last: Table): Merged {
  const twice: { path: readonly [string, string]; first: Tree; second: Tree }[] = []
  const entries = new Map(last.entries)
  for (const field of SHARED) {
    const [first, ...rest] = [...below, last].flatMap((table) => table.entries.get(field) ?? [])
    if (first === undefined) continue
    const whole = rest.reduce((under, over) => overlaid(under, over, field), first)
    entries.set(field, whole)
  }
  return { tree: { ...last, entries }, twice }

  function overlaid(under: Tree, over: Tree, field: string): Tree {
    if (under.kind !== 'table' || over.kind !== 'table') return over
    const entries = new Map(under.entries)
    if (field === 'defaults') for (const name of pushedOutBy([...over.entries.keys()])) entries.delete(name)
    for (const [name, value] of over.entries) {
      const before = entries.get(name)
      if (before !== undefined && (field === 'agents' || field === 'teams'))
        twice.push({ path: [field, name], first: before, second: value })
      const inside = field === 'defaults' && MERGED.includes(name)
      entries.set(name, before !== undefined && inside ? overlaid(before, value, name) : value)
    }
    return { ...over, entries }
  }
}
