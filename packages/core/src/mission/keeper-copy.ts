import { z } from 'zod'
import { isMissionId } from '../model/ids.ts'
import { isName } from '../model/names.ts'
import type { Command, Environment, MissionSpec } from '../model/spec.ts'
import { specFrom } from '../model/spec-check.ts'
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

/** Written by a keeper of this user under this home, or by a mission that says it were one. */
const copySchema = z.object({
  name: z.string().refine(isName),
  createdAt: z.number().min(0),
  restarts: z.number().int().min(0),
  spec: z.record(z.string(), z.unknown()),
  conversation: z.object({ id: z.string().nullable(), turn: z.enum(['starting', 'idle']) }).nullable(),
  env: z.record(z.string(), z.string()),
})

/** The record of a mission as its living keeper remembers it; null when that is not a keeper of ours. */
export function recordFromKeeper({ environment, command, process, at }: FoundKeeper): MissionRecord | null {
  const id = environment[MISSION_MARK]
  const run = Number(environment[RUN_MARK])
  const { data: copy } = copySchema.safeParse(parsed(environment[KEEPER_MARK] ?? ''))
  if (id === undefined || !isMissionId(id) || !Number.isSafeInteger(run) || run < 1) return null
  if (copy === undefined) return null
  const spec = specFrom({ command: { kind: 'exec', argv: command }, ...copy.spec })
  if (spec === null) return null
  return {
    id,
    name: copy.name,
    spec,
    env: { ...withoutMarks(environment), ...copy.env },
    createdAt: copy.createdAt,
    state: {
      ...initialState,
      phase: 'running.up',
      run,
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

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
