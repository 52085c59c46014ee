import type { MissionView } from '@overmind/client'

/** What a shell reports of a process that SIGKILL ended. */
const KILLED = 137

/** The exit code of a mission as a shell would have it, or null when it could not be learned. */
export function exitCodeOf({ status, exit_code }: MissionView): number | null {
  return status === 'killed' ? KILLED : exit_code
}
