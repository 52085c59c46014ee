/** Bringing about what a blueprint declares. */
import { isDeepStrictEqual } from 'node:util'
import { type Json, type Mission, type MissionInput, OvermindError, type Runtime } from '@overmind/core'
import type { Blueprint } from '../blueprint.ts'
import { checkDocument } from '../check.ts'
import { endMission } from '../end-mission.ts'
import { pipelineOf } from './at-work.ts'
import { PROVIDER } from './controller.ts'
import { fingerprints } from './fingerprint.ts'
import { HANDED_OVER, wasHandedOver } from './handed-over.ts'
import { isOutOfSight } from './members.ts'
import { declaredIn, pipelineNamed } from './named.ts'

/** What applying a blueprint would do to an agent, against the missions that are there. */
export interface Change {
  readonly agent: string
  readonly change: 'added' | 'changed' | 'removed' | 'unchanged'
}

export interface ApplyOptions {
  /** The folder of agents that do not name one. Default: that of this process. */
  readonly cwd?: string | undefined
  /** What agents find in their environment. Default: that of this process. */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** What people see as the pipeline's command; the name of a file, for example. */
  readonly source?: string | undefined
}

/**
 * `started`: there was nothing of it. `changed`: something is different, and only that is started again. `retried`: nothing is
 * different, and what had failed is tried again. `unchanged`: nothing is different, and nothing is done.
 */
export type Outcome = 'started' | 'changed' | 'retried' | 'unchanged'

export interface Applied {
  /** The pipeline. It has exited when all that is declared had been done before. */
  readonly mission: Mission
  readonly outcome: Outcome
  readonly changes: readonly Change[]
}

/** What applying it would change of what was declared before under its name. */
export function diffBlueprint(runtime: Runtime, blueprint: Blueprint): readonly Change[] {
  const declared = fingerprints(blueprint)
  const pipeline = pipelineNamed(runtime, blueprint.name)
  const before = pipeline === undefined ? new Map<string, string>() : fingerprints(declaredIn(pipeline))
  const changeOf = (agent: string, print: string): Change['change'] => {
    const old = before.get(agent)
    if (old === undefined) return 'added'
    return old === print ? 'unchanged' : 'changed'
  }
  const gone = [...before.keys()].filter((agent) => !declared.has(agent))
  return [
    ...[...declared].map(([agent, print]) => ({ agent, change: changeOf(agent, print) })),
    ...gone.map((agent) => ({ agent, change: 'removed' as const })),
  ]
}

/**
 * Starts a pipeline for what a blueprint declares. One of the same name is brought up to date: agents that are declared as
 * before are left as they are, at work or done; others are ended and started again, with all that depend on them.
 *
 * @param document as a file of TOML has it, or JSON
 * @throws BlueprintError that names each problem; OvermindError as `runtime.start` does
 */
export async function applyBlueprint(
  runtime: Runtime,
  document: unknown,
  options: ApplyOptions = {},
): Promise<Applied> {
  const blueprint = checkDocument(document)
  const input = pipelineInput(blueprint, document, options)
  for (;;) {
    const before = pipelineNamed(runtime, blueprint.name)
    try {
      return await applyOver(runtime, before, { blueprint, input })
    } catch (error) {
      const isTaken = error instanceof OvermindError && error.code === 'name_taken'
      // Somebody else has applied it meanwhile: then this is a change of that.
      if (!isTaken || pipelineNamed(runtime, blueprint.name)?.id === before?.id) throw error
    }
  }
}

async function applyOver(
  runtime: Runtime,
  before: Mission | undefined,
  { blueprint, input }: { readonly blueprint: Blueprint; readonly input: MissionInput },
): Promise<Applied> {
  const changes = diffBlueprint(runtime, blueprint)
  if (before === undefined) return { mission: await runtime.start(input), outcome: 'started', changes }
  const outcome = outcomeOf(runtime, before, { blueprint, changes })
  if (outcome === 'unchanged') return { mission: before, outcome, changes }
  if (isEnding(runtime, before)) {
    // What cannot be started is told now, and not when all has ended.
    await runtime.check({ ...input, name: undefined })
    await ended(before)
  }
  // It is on record before the one at work hands over, so that there is one to lead on, whoever dies.
  const mission = await runtime.start(input, { inPlaceOf: before.id })
  await Promise.race([before.exited(), mission.exited()]).catch((error: unknown) => {
    // It is on record, and so accepted.
    if (!isOutOfSight(error)) throw error
  })
  return { mission, outcome, changes }
}

function isEnding(runtime: Runtime, { id, view }: Mission): boolean {
  const { exit, ending } = view().state
  return exit === null && (ending !== null || pipelineOf(runtime, id)?.isEnding() === true)
}

async function ended(mission: Mission): Promise<void> {
  // One that is being restarted would begin again with what it was applied with.
  if (mission.view().state.ending?.reason === 'restart') await endMission(mission, 'stop')
  else await mission.exited()
}

function outcomeOf(
  runtime: Runtime,
  before: Mission,
  { blueprint, changes }: { readonly blueprint: Blueprint; readonly changes: readonly Change[] },
): Exclude<Outcome, 'started'> {
  if (changes.some(({ change }) => change !== 'unchanged')) return 'changed'
  const { exit } = before.view().state
  // One that was handed over, to nobody that is on record, has left its agents to whoever comes.
  if (exit !== null) return exit.class === 'completed' && !wasHandedOver(exit) ? 'unchanged' : 'retried'
  // What is said of all of it makes no agent another.
  if (!isDeepStrictEqual(declaredIn(before), blueprint)) return 'changed'
  const isToRunAgain = isEnding(runtime, before) || pipelineOf(runtime, before.id)?.isPaused() === true
  return isToRunAgain ? 'retried' : 'unchanged'
}

/** As it will be read again: what JSON leaves out is left out from the beginning. */
function asJson(document: unknown): Json {
  // Whatever it gives is JSON.
  return JSON.parse(JSON.stringify(document)) as Json
}

function pipelineInput(
  blueprint: Blueprint,
  document: unknown,
  { cwd, env, source }: ApplyOptions,
): MissionInput {
  return {
    provider: PROVIDER,
    type: 'blueprint',
    name: blueprint.name,
    command: source ?? blueprint.name,
    options: { document: asJson(document) },
    successCodes: [0, HANDED_OVER],
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
    ...(blueprint.deadlineMs === null ? {} : { timeoutMs: blueprint.deadlineMs }),
    ...(blueprint.maxCostUsd === null ? {} : { maxCostUsd: blueprint.maxCostUsd }),
    ...(blueprint.maxTurns === null ? {} : { maxTurns: blueprint.maxTurns }),
    ...(blueprint.maxTokens === null ? {} : { maxTokens: blueprint.maxTokens }),
  }
}
