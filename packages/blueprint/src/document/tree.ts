/** A document whose values know where they were written. */
import type { Json } from '@overmind/core'

/** Where something was written: counted in lines and characters only when somebody is told. */
export interface Place {
  readonly file: string
  readonly offset: number
}

export type Tree = Table | List | Leaf

interface Written {
  /** Where it is named; for an element of a list, where it stands. */
  key: Place
  /** Where it stands; for a table, where it begins. */
  at: Place
}

export interface Table extends Written {
  readonly kind: 'table'
  readonly entries: Map<string, Tree>
}

export interface List extends Written {
  readonly kind: 'list'
  readonly items: Tree[]
}

interface Leaf extends Written {
  readonly kind: 'leaf'
  /** The offset behind it. */
  readonly end: number
  readonly value: string | number | boolean | null
}

export type Path = readonly (string | number)[]

/** A name such as `__proto__` is a field like any other. */
export function jsonOf(tree: Tree): Json {
  if (tree.kind === 'leaf') return tree.value
  if (tree.kind === 'list') return tree.items.map(jsonOf)
  return Object.fromEntries([...tree.entries].map(([name, value]) => [name, jsonOf(value)]))
}

/** The value at the end of the path, or what is nearest to it on the way. */
export function treeAt(tree: Tree, path: Path): Tree {
  let found = tree
  for (const step of path) {
    const next = childOf(found, step)
    if (next === undefined) return found
    found = next
  }
  return found
}

function childOf(tree: Tree, step: string | number): Tree | undefined {
  if (tree.kind === 'table') return tree.entries.get(String(step))
  return tree.kind === 'list' ? tree.items[Number(step)] : undefined
}
