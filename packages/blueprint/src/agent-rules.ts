/** What the fields of an agent may not say together; the mission would be refused with it when it starts. */
import type { AgentFields } from './agents.ts'
import type { Finding } from './document/finding.ts'
import { fieldsIn, isFields } from './document/plain.ts'
import { OF_AGENTS, RESTARTS } from './inherit.ts'

const RULES: readonly ((agent: AgentFields) => readonly Finding[])[] = [
  command,
  terminal,
  custody,
  plainCommand,
  optionNames,
]

export function agentFindings(agent: AgentFields): readonly Finding[] {
  return RULES.flatMap((rule) => rule(agent))
}

/** Between fields of one table: an agent, or the defaults. */
export function tableFindings(table: unknown, path: Finding['path']): readonly Finding[] {
  if (!isFields(table)) return []
  const others = RESTARTS.filter((field) => field in table)
  const retries =
    'retries' in table && others.length > 0
      ? [
          {
            path: [...path, 'retries'],
            name: true,
            rule: `it stands for ${others.join(' and ')}: leave one of both`,
          },
        ]
      : []
  return [
    ...retries,
    ...kindFindings(table['ready'], ['exec', 'http', 'output'], [...path, 'ready']),
    ...outputFindings(table['ready'], [...path, 'ready']),
    ...kindFindings(table['alive'], ['exec', 'http'], [...path, 'alive']),
    ...Object.entries(fieldsIn(table['env'])).flatMap(([name, value]) =>
      isFields(value) && 'from_env' in value === 'from_file' in value
        ? [{ path: [...path, 'env', name], rule: 'must have one of from_env and from_file' }]
        : [],
    ),
  ]
}

/** A probe looks in one way. */
function kindFindings(probe: unknown, known: readonly string[], path: Finding['path']): readonly Finding[] {
  if (!isFields(probe)) return []
  const kinds = known.filter((kind) => kind in probe)
  if (kinds.length === 1) return []
  const wanted = `${known.slice(0, -1).join(', ')} and ${known.at(-1)}`
  return [
    { path, rule: `must have one of ${wanted}${kinds.length === 0 ? '' : `: got ${kinds.join(' and ')}`}` },
  ]
}

function outputFindings(ready: unknown, path: Finding['path']): readonly Finding[] {
  if (!isFields(ready) || !('output' in ready) || 'exec' in ready || 'http' in ready) return []
  return ['interval', 'timeout']
    .filter((field) => field in ready)
    .map((field) => ({
      path: [...path, field],
      name: true,
      rule: 'output is read as it comes: leave it out',
    }))
}

function command({ name, fields }: AgentFields): readonly Finding[] {
  const given = fields['command']
  if (fields['type'] === 'session') return []
  if (given === undefined) return [{ path: ['agents', name], rule: 'needs a command' }]
  if (typeof given !== 'string' || given.trim() !== '') return []
  return [{ path: ['agents', name, 'command'], rule: 'must not be empty' }]
}

function terminal({ fields, pathOf }: AgentFields): readonly Finding[] {
  if (fields['type'] !== 'session' || fields['terminal'] === undefined) return []
  return [{ path: pathOf('terminal'), rule: 'a session takes messages, and no keys: leave one of both' }]
}

function custody({ fields, pathOf }: AgentFields): readonly Finding[] {
  const limits = ['memory', 'cpus', 'pids'].filter((field) => field in fields)
  if (limits.length === 0 || fields['custody'] !== 'marks') return []
  return [{ path: pathOf('custody'), rule: `must be "cgroup" when ${limits.join(', ')} are limited` }]
}

function plainCommand({ name, fields, own }: AgentFields): readonly Finding[] {
  if ((fields['provider'] ?? 'raw') !== 'raw') return []
  return OF_AGENTS.filter((field) => field in own).map((field) => ({
    path: ['agents', name, field],
    name: true,
    rule: 'a shell command has none: name the provider of an agent for that',
  }))
}

/** As the API has it: people write `permission_mode`, and the provider reads `permissionMode`. */
function optionNames({ fields, pathOf }: AgentFields): readonly Finding[] {
  const { options } = fields
  return (isFields(options) ? Object.keys(options) : [])
    .filter((option) => /[A-Z]/.test(option))
    .map((option) => ({
      path: pathOf('options', option),
      name: true,
      rule: 'options are written in small letters',
      suggestion: option.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    }))
}
