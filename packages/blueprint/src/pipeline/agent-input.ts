/** What an agent is started with: its description, with results and secrets filled in at the last moment. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import {
  type CheckMission,
  type Environment,
  isName,
  type Mission,
  type MissionInput,
  OvermindError,
  readRegular,
  type Work,
} from '@overmind/core'
import type { Agent, Dependency, EnvValue } from '../blueprint.ts'
import { fillIn, type Reference, references } from '../references.ts'
import { resultOf } from './result.ts'

/** More than fits into one variable. Bytes. */
const LARGEST_SECRET = 128 * 1024

interface Surroundings {
  readonly work: Work
  readonly pipeline: string
  /** What it, or its team, has waited for: the first of it is its parent, unless it ends with its pipeline. */
  readonly dependsOn: readonly Dependency[]
  /** The mission of an agent that has been started. */
  missionOf(agent: string): Mission | undefined
}

/** @throws OvermindError `invalid_spec` when a secret is not there */
export async function inputOf(
  agent: Agent,
  { work, pipeline, dependsOn, missionOf }: Surroundings,
): Promise<MissionInput> {
  const results = new Map<string, { readonly mission: Mission; readonly text: string }>()
  for (const { agent: name } of textsIn([agent.mission.command, agent.mission.options, agent.env]).flatMap(
    references,
  )) {
    const mission = missionOf(name)
    if (mission !== undefined && !results.has(name))
      results.set(name, { mission, text: await resultOf(mission) })
  }

  const lookup = ({ agent: name, part }: Reference): string => {
    const result = results.get(name)
    if (result === undefined) throw missing(`${name} has no result`)
    return part === 'file' ? writeResult(name, result) : result.text
  }
  const { command } = agent.mission
  const isShell = typeof command === 'string' && (agent.mission.provider ?? 'raw') === 'raw'
  const name = `${pipeline}.${agent.name}`
  // What it depends on may have exited long since: one that is bound is bound to what looks after it.
  const above = agent.mission.onParentExit === 'stop' ? [] : dependsOn
  const parent = above.map(({ agent: first }) => missionOf(first)?.id).find((id) => id !== undefined)
  return {
    ...agent.mission,
    cwd: resolve(work.mission.view().spec.cwd, agent.mission.cwd ?? '.'),
    command:
      typeof command === 'string'
        ? fillIn(command, lookup, isShell ? 'shell' : 'none')
        : command?.map((word) => fillIn(word, lookup, 'none')),
    options: filled(agent.mission.options, lookup),
    ...(isName(name) ? { name } : {}),
    parent: parent ?? work.mission.id,
    env: {
      ...work.env,
      ...(agent.replica === null ? {} : { OVERMIND_REPLICA: String(agent.replica.index) }),
      ...environment(agent, work.env, lookup),
    },
  }
}

/** Checks what can be told before there are results. @throws OvermindError that names the agent */
export function checkAgent(
  agent: Agent,
  around: { readonly cwd: string; readonly env: Environment; readonly checkMission: CheckMission },
): void {
  const { name, mission } = agent
  // A file may be written by the agents before it.
  const env = Object.entries(agent.env).filter(([, value]) => typeof value === 'string' || 'fromEnv' in value)
  const nothingYet = (): string => ''
  try {
    around.checkMission({
      ...mission,
      cwd: resolve(around.cwd, mission.cwd ?? '.'),
      env: { ...around.env, ...environment({ env: Object.fromEntries(env) }, around.env, nothingYet) },
    })
  } catch (error) {
    if (!(error instanceof OvermindError)) throw error
    const field = error.field === undefined ? `agents.${name}` : `agents.${name}.${error.field}`
    throw new OvermindError(error.code, `agents.${name}: ${error.message}`, { cause: error, field })
  }
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

function filled<T>(value: T, lookup: (reference: Reference) => string): T
function filled(value: unknown, lookup: (reference: Reference) => string): unknown {
  if (typeof value === 'string') return fillIn(value, lookup, 'none')
  if (Array.isArray(value)) return value.map((each: unknown) => filled(each, lookup))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, filled(inner, lookup)]))
}

function environment(
  agent: Pick<Agent, 'env'>,
  given: Environment,
  lookup: (reference: Reference) => string,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(agent.env).map(([name, value]) => [name, valueOf(name, value, given, lookup)]),
  )
}

function valueOf(
  name: string,
  value: EnvValue,
  given: Environment,
  lookup: (reference: Reference) => string,
): string {
  if (typeof value === 'string') return fillIn(value, lookup, 'none')
  if ('fromEnv' in value) {
    const found = given[value.fromEnv]
    if (found === undefined)
      throw missing(`env.${name}: the variable ${value.fromEnv} was not set when the blueprint was applied`)
    return found
  }
  try {
    return readRegular(value.fromFile, LARGEST_SECRET).replace(/\r?\n$/, '')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw missing(`env.${name}: the file cannot be read: ${why}`, cause)
  }
}

function missing(message: string, cause?: unknown): OvermindError {
  return new OvermindError('invalid_spec', message, { cause })
}

/**
 * For results that are too long for a command line, or that a program wants to read. Private, as the results are; it is there whole or
 * not at all, since somebody else may read the same one.
 */
function writeResult(
  agent: string,
  { mission, text }: { readonly mission: Mission; readonly text: string },
): string {
  mkdirSync(mission.resultsFolder, { recursive: true, mode: 0o700 })
  const path = join(mission.resultsFolder, `${agent}.txt`)
  const whole = `${path}.new`
  writeFileSync(whole, text, { mode: 0o600 })
  renameSync(whole, path)
  return path
}
