import { isMissionId } from '../model/ids.ts'
import type { Command, Environment, MissionSpec } from '../model/spec.ts'
import type { MissionRecord } from '../model/state.ts'
import { isPlainVariable } from '../process/keeper.ts'
import { KEEPER_MARK, MISSION_MARK, RUN_MARK, withoutMarks } from '../process/marks.ts'
import { newConversation } from './conversation.ts'
import { initialState, runTimers } from './machine.ts'
import type { FoundKeeper } from '../process/host.ts'
import type { Talk } from '../provider/talk.ts'

/** One environment variable has at most 128 KiB; a command that would not fit is read off the keeper's arguments. */
const LONGEST_COPY = 120_000

interface Copy {
  readonly name: string
  readonly createdAt: number
  readonly restarts: number
  readonly spec: Omit<MissionSpec, 'command'> & { readonly command?: Command }
  /** What the agent calls the conversation; null for a mission that does not talk. */
  readonly conversation: { readonly id: string | null; readonly turn: 'starting' | 'idle' } | null
  /** Variables that the keeper's own environment does not show as they are. */
  readonly env: Environment
}

/** What a keeper carries of its mission. Most of the environment is its own and needs no copy. */
export function keeperCopy(
  { name, spec, env, createdAt, state }: MissionRecord,
  talk: Pick<Talk, 'turns'> | null,
): string {
  const others = Object.entries(env).filter(([variable]) => !isPlainVariable(variable))
  const { conversation, restarts } = state
  const copy: Copy = {
    name,
    createdAt,
    restarts,
    spec,
    conversation:
      conversation === null
        ? null
        : { id: conversation.id, turn: talk?.turns === true ? 'starting' : 'idle' },
    env: Object.fromEntries(others),
  }
  const whole = JSON.stringify(copy)
  if (Buffer.byteLength(whole) <= LONGEST_COPY) return whole
  const { command: _, ...rest } = spec
  return JSON.stringify({ ...copy, spec: rest } satisfies Copy)
}

/** The record of a mission as its living keeper remembers it; null when that is not a keeper of ours. */
export function recordFromKeeper({ environment, command, process, at }: FoundKeeper): MissionRecord | null {
  const id = environment[MISSION_MARK]
  const text = environment[KEEPER_MARK]
  if (id === undefined || text === undefined || !isMissionId(id)) return null
  const copy = parseCopy(text)
  if (copy === null) return null
  const spec: MissionSpec = { ...copy.spec, command: copy.spec.command ?? { kind: 'exec', argv: command } }
  return {
    id,
    name: copy.name,
    spec,
    env: { ...withoutMarks(environment), ...copy.env },
    createdAt: copy.createdAt,
    state: {
      ...initialState,
      phase: 'running.up',
      run: Number(environment[RUN_MARK]),
      process,
      startedAt: at,
      timers: runTimers(spec, at, process.boot),
      restarts: copy.restarts,
      // All that was said stands in its output, and is heard again from the beginning.
      conversation:
        copy.conversation === null
          ? null
          : { ...newConversation(copy.conversation.id), turn: copy.conversation.turn, memory: 'closed' },
    },
  }
}

function parseCopy(text: string): Copy | null {
  try {
    // Written by a keeper of this user under this home; what is not of our making does not parse.
    const copy: unknown = JSON.parse(text)
    return isCopy(copy) ? copy : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

function isCopy(value: unknown): value is Copy {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    'spec' in value &&
    'env' in value &&
    'conversation' in value &&
    'createdAt' in value
  )
}
