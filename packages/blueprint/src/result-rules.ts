/** Where results may be referred to, and whose. */
import { type AgentFields, isInside } from './agents.ts'
import { completedBefore } from './completed-before.ts'
import type { Finding } from './document/finding.ts'
import { isFields } from './document/plain.ts'
import type { Path } from './document/tree.ts'
import { type Piece, piecesOf, referenceIn, references } from './references.ts'
import { type Misplaced, misplaced } from './shell-places.ts'
import { brief } from './text/inert.ts'

/** What is wrong with the references of all agents, apart from those that name nothing. */
export function resultFindings(agents: readonly AgentFields[]): readonly Finding[] {
  const byName = new Map(agents.map((agent) => [agent.name, agent]))
  const texts = new Map(agents.map((agent) => [agent, textsOf(agent)]))
  const asked = [...texts.values()].flat().flatMap(({ text }) => references(text).map(({ agent }) => agent))
  const isCompleted = completedBefore(agents, new Set(asked))
  return agents.flatMap((agent) => [
    ...(texts.get(agent) ?? []).flatMap(({ text, path }) =>
      piecesOf(text).flatMap((piece) => uncertain(piece, { agent, path, byName, isCompleted })),
    ),
    ...shellFindings(agent),
  ])
}

interface Text {
  readonly text: string
  readonly path: Path
}

/** The texts of an agent that may hold references to results. */
function textsOf({ fields, pathOf }: AgentFields): readonly Text[] {
  const { env } = fields
  const variables = Object.entries(isFields(env) ? env : {}).filter(([, value]) => typeof value === 'string')
  return [
    ...textsIn(fields['command'], pathOf('command')),
    ...Object.entries(isFields(fields['options']) ? fields['options'] : {}).flatMap(([option, value]) =>
      textsIn(value, pathOf('options', option)),
    ),
    ...variables.flatMap(([variable, value]) => textsIn(value, pathOf('env', variable))),
  ]
}

function textsIn(value: unknown, path: Path): readonly Text[] {
  if (typeof value === 'string') return [{ text: value, path }]
  if (Array.isArray(value)) return value.flatMap((item, index) => textsIn(item, [...path, index]))
  if (!isFields(value)) return []
  return Object.entries(value).flatMap(([name, field]) => textsIn(field, [...path, name]))
}

interface Around {
  readonly agent: AgentFields
  readonly path: Path
  readonly byName: ReadonlyMap<string, AgentFields>
  readonly isCompleted: (agent: string, other: string) => boolean
}

function uncertain(piece: Piece, { agent, path, byName, isCompleted }: Around): readonly Finding[] {
  const reference = referenceIn(piece)
  if (reference === undefined || piece.kind !== 'reference') return []
  const shown = brief(piece.written)
  const about = { path, part: piece.written }
  const { agent: of } = reference
  if (of === agent.name) return [{ ...about, rule: `${shown} is its own: it has none before it has ended` }]
  if (byName.get(of)?.own['replicas'] !== undefined)
    return [{ ...about, rule: `${shown}: there may be several of ${of}, and no result of all` }]
  if (!byName.has(of) || isCompleted(agent.name, of)) return []
  if (isInside(agent.team, byName.get(of)?.team ?? null)) {
    const rule = `${of} runs beside ${agent.name} in the team ${agent.team}: it has no result before ${agent.name} starts`
    return [{ ...about, rule: `${shown}: ${rule}` }]
  }
  const direct = agent.dependsOn.some((dependency) => dependency.agent === of)
  const rule = direct
    ? `${agent.name} may start before ${of} has a result: depend on it with when = "completed", and without on_failure = "run"`
    : `${agent.name} does not wait for ${of}: add "${of}" to its depends_on`
  return [{ ...about, rule: `${shown}: ${rule}` }]
}

const REASONS: Readonly<Record<Misplaced, string>> = {
  quoted: 'it is quoted for you: leave the quotes out',
  escaped: 'it is quoted for you: leave the backslash out',
  comment: 'a result may have several lines, and a comment ends with the first',
  redirected: 'bash reads a word behind >& twice: write > "file" 2>&1 in its place',
  evaluated:
    'bash reads words once more here, "$NAME" as well, and runs commands in them: hand it to a program, or compare with case or [ … ]',
  unclear: 'it cannot be quoted safely here: put it into env, and write "$NAME" here',
}

function shellFindings({ fields, pathOf }: AgentFields): readonly Finding[] {
  const { command, provider = 'raw' } = fields
  if (provider !== 'raw' || typeof command !== 'string') return []
  const pieces = piecesOf(command)
  const written = pieces.flatMap((piece) => (piece.kind === 'reference' ? [piece.written] : []))
  return misplaced(pieces).flatMap((reason, index) => {
    if (reason === null) return []
    const part = written[index] ?? ''
    return [{ path: pathOf('command'), part, rule: `${brief(part)}: ${REASONS[reason]}` }]
  })
}
