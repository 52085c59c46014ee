import { ApiError, ConnectionFailed, DaemonNotRunning } from '@overmind/client'

/** What a tool cannot do; told to the agent as the answer of the tool. */
export class ToolFailure extends Error {
  override readonly name = 'ToolFailure'
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** One sentence with the daemon's code before it. */
export function failureText(error: unknown): string {
  if (error instanceof DaemonNotRunning) {
    return `${error.code}: the Overmind daemon is not running; missions go on without it, try again later`
  }
  // Whose name it is may be none of the agent's business.
  if (error instanceof ApiError && error.code === 'name_taken') {
    return 'name_taken: a mission that has not exited has this name; choose another'
  }
  if (error instanceof ApiError || error instanceof ConnectionFailed || error instanceof ToolFailure) {
    return `${error.code}: ${error.message}`
  }
  return `internal: ${error instanceof Error ? error.message : String(error)}`
}
