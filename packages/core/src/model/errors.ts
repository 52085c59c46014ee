/**
 * The codes of every fault Overmind reports. Scripts match on them; the sentence is for people.
 */
export type ErrorCode =
  | 'agent_not_found'
  | 'agent_too_old'
  | 'ambiguous_id'
  | 'ask_not_found'
  | 'cgroup_not_supported'
  | 'child_already_present'
  | 'child_already_started'
  | 'child_not_found'
  | 'child_restarting'
  | 'child_running'
  | 'child_start_failed'
  | 'command_not_executable'
  | 'command_not_found'
  | 'command_too_long'
  | 'cwd_not_a_directory'
  | 'cwd_not_found'
  | 'duplicate_child_id'
  | 'empty_command'
  | 'empty_message'
  | 'environment_too_large'
  | 'home_in_use'
  | 'home_not_private'
  | 'home_not_writable'
  | 'home_path_too_long'
  | 'in_use'
  | 'invalid_child_spec'
  | 'invalid_limits'
  | 'hook_not_found'
  | 'invalid_config'
  | 'invalid_request'
  | 'invalid_restart_policy'
  | 'invalid_spec'
  | 'invalid_supervisor'
  | 'max_children'
  | 'message_not_found'
  | 'message_too_long'
  | 'name_taken'
  | 'no_result'
  | 'not_a_supervisor'
  | 'not_busy'
  | 'not_exited'
  | 'not_found'
  | 'not_running'
  | 'not_session'
  | 'not_terminal'
  | 'parent_not_found'
  | 'run_not_found'
  | 'runtime_closed'
  | 'significant_not_allowed'
  | 'store_failed'
  | 'supervisor_ended'
  | 'task_ended'
  | 'terminal_unavailable'
  | 'timeout'
  | 'unknown_provider'
  | 'waits_for_answer'

export interface ErrorDetails {
  /** What lies beneath: the system's own error, when there is one. */
  readonly cause?: unknown
  /** The field of the input that is wrong, in the words of the input (`env.PATH`). */
  readonly field?: string
  /** The value received, when it is safe to repeat: never part of an environment. */
  readonly value?: unknown
}

/**
 * A fault with a stable `code`. Endings of missions are not faults: they are values (`MissionExit`).
 *
 * @example
 * ```ts
 * try {
 *   await runtime.start({ command: '' })
 * } catch (error) {
 *   if (error instanceof OvermindError && error.code === 'empty_command') console.error(error.message)
 * }
 * ```
 */
export class OvermindError extends Error {
  override readonly name = 'OvermindError'
  readonly code: ErrorCode
  readonly field: string | undefined
  readonly value: unknown

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.field = details.field
    this.value = details.value
  }
}

/** The system's error code (`ENOENT`) of something thrown, or undefined. */
export function systemCode(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return undefined
}

const SHORTAGES: ReadonlySet<string | undefined> = new Set([
  'EAGAIN',
  'EDQUOT',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'ENOSPC',
])

/** Whether the system says, or said beneath, that it is short of something that may be there again later. */
export function isShortage(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return SHORTAGES.has(systemCode(error)) || isShortage(error.cause)
}
