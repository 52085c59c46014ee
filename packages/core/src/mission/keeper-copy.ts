import { isMissionId } from '../model/ids.ts'
import type { Command, MissionSpec } from '../model/spec.ts'
import type { MissionRecord } from '../model/state.ts'
import { KEEPER_MARK, MISSION_MARK, RUN_MARK, withoutMarks } from '../process/marks.ts'
import { initialState } from './machine.ts'
import type { FoundKeeper } from '../process/host.ts'

/** One environment variable has at most 128 KiB; a command that would not fit is read off the keeper's arguments. */
const LONGEST_COPY = 120_000

interface Copy {
  readonly name: string
  readonly createdAt: number
  readonly restarts: number
  readonly spec: Omit<MissionSpec, 'command'> & { readonly command?: Command }
}

/** What a keeper carries of its mission. The environment is its own and needs no copy. */
export function keeperCopy({ name, spec, createdAt, state }: MissionRecord): string {
  const copy: Copy = { name, createdAt, restarts: state.restarts, spec }
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
  return {
    id,
    name: copy.name,
    spec: { ...copy.spec, command: copy.spec.command ?? { kind: 'exec', argv: command } },
    env: withoutMarks(environment),
    createdAt: copy.createdAt,
    state: {
      ...initialState,
      phase: 'running.up',
      run: Number(environment[RUN_MARK]),
      process,
      startedAt: at,
      restarts: copy.restarts,
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
    typeof value === 'object' && value !== null && 'name' in value && 'spec' in value && 'createdAt' in value
  )
}
