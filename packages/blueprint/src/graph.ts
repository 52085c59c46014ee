/** Who waits for whom. */
import type { Finding } from './document/finding.ts'
import type { Path } from './document/tree.ts'
import { brief } from './text/inert.ts'
import { nearest } from '@overmind/core/text'
import { atFirst } from './text/at-first.ts'

export interface Node {
  readonly name: string
  /** In the order of the file. */
  readonly edges: readonly Edge[]
}

export interface Edge {
  /** Who is waited for. */
  readonly to: string
  /** Where that is written. */
  readonly path: Path
}

/**
 * The names of the nodes, each behind all that it waits for: always the first in the given order that may come next. Edges to
 * nobody count for nothing; nodes that wait for each other in a circle, and those that wait for them, are left out.
 */
export function orderOf(nodes: readonly Node[]): readonly string[] {
  const places = new Map(nodes.map(({ name }, place) => [name, place]))
  const waiting = nodes.map(({ edges }) => new Set(edges.flatMap(({ to }) => places.get(to) ?? [])))
  const followers = Map.groupBy(
    waiting.flatMap((others, place) => [...others].map((other) => ({ place, other }))),
    ({ other }) => other,
  )
  const order: string[] = []
  // Places in their order: those first that the given order has first.
  const ready = waiting.flatMap((others, place) => (others.size === 0 ? [place] : []))
  for (let next = ready.shift(); next !== undefined; next = ready.shift()) {
    order.push(nodes[next]?.name ?? '')
    for (const { place } of followers.get(next) ?? []) {
      waiting[place]?.delete(next)
      if (waiting[place]?.size === 0) insert(ready, place)
    }
  }
  return order
}

function insert(sorted: number[], added: number): void {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? Infinity) > added) high = middle
    else low = middle + 1
  }
  sorted.splice(low, 0, added)
}

/** The group that a node belongs to: its nodes come next to each other. Null for one that stands alone. */
export type GroupOf = (name: string) => string | null

/** As `orderOf`, with the nodes of a group next to each other, as if they were one. */
export function orderInGroups(nodes: readonly Node[], groupOf: GroupOf): readonly string[] {
  const members = Map.groupBy(nodes, ({ name }) => wholeOf(name, groupOf))
  return orderOf(asOne(nodes, groupOf)).flatMap((whole) => orderOf(members.get(whole) ?? []))
}

/** Circles that there are only because a group is as one: a node waits for another that waits for a third of the first one's group. */
export function groupCycleFindings(nodes: readonly Node[], groupOf: GroupOf): readonly Finding[] {
  return cycleFindings(nodes).length > 0 ? [] : cycleFindings(asOne(nodes, groupOf))
}

function asOne(nodes: readonly Node[], groupOf: GroupOf): readonly Node[] {
  const wholes = Map.groupBy(nodes, ({ name }) => wholeOf(name, groupOf))
  return [...wholes].map(([whole, members]) => ({
    name: whole,
    edges: members
      .flatMap(({ edges }) => edges.map((edge) => ({ ...edge, to: wholeOf(edge.to, groupOf) })))
      .filter(({ to }) => to !== whole),
  }))
}

/** No node has a name with spaces. */
function wholeOf(name: string, groupOf: GroupOf): string {
  const group = groupOf(name)
  return group === null ? name : `the team ${group}`
}

/** Nobody reads of more, and finding one takes a look at every node. */
const MOST_CIRCLES = 100

/** What is wrong with the edges of a graph: to nobody, to the node itself, twice to the same, or in a circle. */
export function edgeFindings(nodes: readonly Node[]): readonly Finding[] {
  const names = new Set(nodes.map(({ name }) => name))
  const first = atFirst()
  const meant = (to: string, name: string): string | undefined =>
    first(() =>
      nearest(
        to,
        [...names].filter((other) => other !== name),
      ),
    )
  return [...nodes.flatMap((node) => findingsAt(node, { names, meant })), ...cycleFindings(nodes)]
}

interface Others {
  readonly names: ReadonlySet<string>
  /** Who is meant by a name that nobody has, where this node says it. */
  meant(to: string, name: string): string | undefined
}

function findingsAt({ name, edges }: Node, { names, meant }: Others): readonly Finding[] {
  const named = new Set<string>()
  return edges.flatMap(({ to, path }): Finding[] => {
    if (to === name) return [{ path, rule: `${name} waits for itself` }]
    if (named.has(to)) return [{ path, rule: `${brief(to)} is named twice` }]
    named.add(to)
    if (names.has(to)) return []
    return [{ path, rule: `there is no agent ${brief(to)}`, suggestion: meant(to, name) }]
  })
}

/** One finding for each circle, until none is left or there are enough. */
function cycleFindings(nodes: readonly Node[]): readonly Finding[] {
  const findings: Finding[] = []
  let rest = nodes.map(({ name, edges }) => ({ name, edges: edges.filter(({ to }) => to !== name) }))
  for (;;) {
    const placed = new Set(orderOf(rest))
    // What has its place is in no circle, and stays so.
    rest = rest.filter(({ name }) => !placed.has(name))
    const cycle = cycleIn(rest)
    const [first] = cycle
    if (first === undefined || findings.length === MOST_CIRCLES) return findings
    const names = cycle.map(({ from }) => from)
    const rule = `they wait for each other: ${[...names, names[0]].join(' → ')}`
    findings.push({ path: first.edge.path, rule })
    const found = new Set(names)
    rest = rest.filter(({ name }) => !found.has(name))
  }
}

interface Step {
  readonly from: string
  readonly edge: Edge
}

/** A circle among nodes of which none has a place, from that which is first in the given order; empty when there is none. */
function cycleIn(nodes: readonly Node[]): readonly Step[] {
  const stuck = new Map(nodes.map((node) => [node.name, node]))
  const [start] = nodes
  const steps: Step[] = []
  const visited = new Map<string, number>()
  // Each node that is stuck waits for one that is: following it leads into a circle.
  for (let at = start; at !== undefined;) {
    const { name, edges } = at
    const begun = visited.get(name)
    if (begun !== undefined) return turned(steps.slice(begun), nodes)
    const edge = edges.find(({ to }) => stuck.has(to))
    if (edge === undefined) break
    visited.set(name, steps.length)
    steps.push({ from: name, edge })
    at = stuck.get(edge.to)
  }
  return []
}

function turned(cycle: readonly Step[], nodes: readonly Node[]): readonly Step[] {
  const places = new Map(cycle.map(({ from }, place) => [from, place]))
  const first = nodes.find(({ name }) => places.has(name))
  const start = places.get(first?.name ?? '') ?? 0
  return [...cycle.slice(start), ...cycle.slice(0, start)]
}
