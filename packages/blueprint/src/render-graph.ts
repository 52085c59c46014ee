import type { Blueprint, Dependency } from './blueprint.ts'
import { inert } from './text/inert.ts'

export type GraphFormat = 'text' | 'mermaid'

/**
 * Who waits for whom: as a list of levels, each of which can start when those above have done what is waited for, or as a Mermaid
 * flowchart. Conditions other than `completed` and what follows other than `skip` are named.
 */
export function renderGraph(blueprint: Blueprint, format: GraphFormat): string {
  return format === 'mermaid' ? mermaid(blueprint) : levelsText(blueprint)
}

function levelsText({ name, agents }: Blueprint): string {
  const levels = new Map<string, number>()
  for (const agent of agents) {
    levels.set(agent.name, 1 + Math.max(0, ...agent.dependsOn.map(({ agent }) => levels.get(agent) ?? 0)))
  }
  const depth = Math.max(0, ...levels.values())
  const lines = Array.from({ length: depth }, (_, index) => {
    const number = String(index + 1).padStart(String(depth).length)
    const here = agents.filter((agent) => levels.get(agent.name) === index + 1)
    return here.map((agent, at) => `${at === 0 ? number : ' '.repeat(number.length)}  ${line(agent)}`)
  })
  return [`${inert(name)}: ${count(agents.length, 'agent')}, ${count(depth, 'level')}`, ...lines.flat()].join(
    '\n',
  )
}

function line({ name, dependsOn }: Blueprint['agents'][number]): string {
  const waits = dependsOn.map((dependency) => {
    const words = wordsOf(dependency)
    return `${inert(dependency.agent)}${words === '' ? '' : ` (${words})`}`
  })
  return waits.length === 0 ? inert(name) : `${inert(name)} ← ${waits.join(', ')}`
}

function wordsOf({ when, onFailure }: Dependency): string {
  const parts = [when === 'completed' ? '' : when, onFailure === 'skip' ? '' : `else ${onFailure}`]
  return parts.filter((part) => part !== '').join(', ')
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`

function mermaid({ agents }: Blueprint): string {
  // Names are no ids in Mermaid: `end` is a word of its own.
  const ids = new Map(agents.map(({ name }, index) => [name, `a${index}`]))
  const boxes = agents.map(({ name }) => `  ${ids.get(name)}["${escaped(name)}"]`)
  const arrows = agents.flatMap(({ name, dependsOn }) =>
    dependsOn.map((dependency) => {
      const words = wordsOf(dependency)
      const label = words === '' ? '' : `|"${escaped(words)}"|`
      return `  ${ids.get(dependency.agent) ?? 'unknown'} -->${label} ${ids.get(name)}`
    }),
  )
  return ['flowchart TD', ...boxes, ...arrows].join('\n')
}

function escaped(text: string): string {
  return inert(text).replaceAll(/[^\p{L}\p{N} ,._-]/gu, (character) => `#${character.codePointAt(0)};`)
}
