import type { Agent, Blueprint, Dependency } from './blueprint.ts'
import { inert } from './text/inert.ts'
import { unitsOf } from './units.ts'

export type GraphFormat = 'text' | 'mermaid'

/**
 * Who waits for whom: as a list of levels, each of which can start when those above have done what is waited for, or as a Mermaid
 * flowchart. Conditions other than `completed` and what follows other than `skip` are named. Members of a team stand together.
 */
export function renderGraph(blueprint: Blueprint, format: GraphFormat): string {
  return format === 'mermaid' ? mermaid(blueprint) : levelsText(blueprint)
}

function levelsText({ name, agents }: Blueprint): string {
  const levels = new Map<string, number>()
  for (const { agents: members, dependsOn } of unitsOf(agents)) {
    const level = 1 + Math.max(0, ...dependsOn.map(({ agent }) => levels.get(agent) ?? 0))
    for (const member of members) levels.set(member.name, level)
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

function line({ name, team, dependsOn }: Agent): string {
  const waits = dependsOn.map((dependency) => {
    const words = wordsOf(dependency)
    return `${inert(dependency.agent)}${words === '' ? '' : ` (${words})`}`
  })
  const who = team === null ? inert(name) : `${inert(name)} (team ${inert(team.of.name)})`
  return waits.length === 0 ? who : `${who} ← ${waits.join(', ')}`
}

function wordsOf({ when, onFailure }: Dependency): string {
  const parts = [when === 'completed' ? '' : when, onFailure === 'skip' ? '' : `else ${onFailure}`]
  return parts.filter((part) => part !== '').join(', ')
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`

function mermaid({ agents }: Blueprint): string {
  // Names are no ids in Mermaid: `end` is a word of its own.
  const ids = new Map(agents.map(({ name }, index) => [name, `a${index}`]))
  const box = ({ name }: Agent): string => `${ids.get(name)}["${escaped(name)}"]`
  const boxes = unitsOf(agents).flatMap(({ team, agents: members }, index) => {
    const inside = members.map(box)
    if (team === null) return inside
    const title = `${escaped(team.name)}, ${team.strategy}`
    return [`subgraph t${index}["${title}"]`, ...inside.map((one) => `  ${one}`), 'end']
  })
  const arrows = agents.flatMap(({ name, dependsOn }) =>
    dependsOn.map((dependency) => {
      const words = wordsOf(dependency)
      const label = words === '' ? '' : `|"${escaped(words)}"|`
      return `${ids.get(dependency.agent) ?? 'unknown'} -->${label} ${ids.get(name)}`
    }),
  )
  return ['flowchart TD', ...[...boxes, ...arrows].map((one) => `  ${one}`)].join('\n')
}

function escaped(text: string): string {
  return inert(text).replaceAll(/[^\p{L}\p{N} ,._-]/gu, (character) => `#${character.codePointAt(0)};`)
}
