import { TERMINAL_MARK } from './terminal/settings.ts'

/** The environment variables that say whose a process is. They are a contract with what missions run. */
export const MISSION_MARK = 'OVERMIND_MISSION_ID'
export const NAME_MARK = 'OVERMIND_MISSION_NAME'
export const RUN_MARK = 'OVERMIND_RUN'
export const HOME_MARK = 'OVERMIND_HOME'
/** A process of Overmind itself: part of no mission, whoever started it. */
export const SUPERVISOR_MARK = 'OVERMIND_SUPERVISOR'
/** In the keeper alone: a copy of what it keeps, for a supervisor that has lost its store. */
export const KEEPER_MARK = 'OVERMIND_KEEPER'

/** In the launcher alone: the home it starts keepers for. */
export const LAUNCHER_MARK = 'OVERMIND_LAUNCHER'

/** In the keeper alone: variables of the command that no shell may touch, as words for `env`, and with a number each of them. */
export const KEEPER_ENV_MARK = 'OVERMIND_KEEPER_ENV'

/** In the keeper alone: the control group that it joins before anything else. */
export const CGROUP_MARK = 'OVERMIND_CGROUP'

const ALL: readonly string[] = [
  MISSION_MARK,
  NAME_MARK,
  RUN_MARK,
  SUPERVISOR_MARK,
  KEEPER_MARK,
  KEEPER_ENV_MARK,
  LAUNCHER_MARK,
  CGROUP_MARK,
  TERMINAL_MARK,
]

const NUMBERED = new RegExp(`^${KEEPER_ENV_MARK}_\\d+$`)

function isMark(name: string): boolean {
  return ALL.includes(name) || NUMBERED.test(name)
}

/** An environment without the marks of whoever handed it on. */
export function withoutMarks(env: NodeJS.ProcessEnv): Record<string, string> {
  const clean = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !isMark(entry[0]),
  )
  return Object.fromEntries(clean)
}
