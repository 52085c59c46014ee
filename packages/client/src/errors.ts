import type { Problem } from '@overmind/daemon'

/** The daemon refused: `code` is stable, the message is a sentence for people. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: Problem['code']
  /** The HTTP status. */
  readonly status: number
  /** The field of the request that is wrong, when it is one. */
  readonly field: string | undefined

  constructor({ code, detail, status, field }: Omit<Problem, 'type' | 'title'>) {
    super(detail)
    this.code = code
    this.status = status
    this.field = field
  }
}

/** No daemon listens on the socket; nothing has been sent. */
export class DaemonNotRunning extends Error {
  override readonly name = 'DaemonNotRunning'
  readonly code = 'daemon_not_running'
  readonly socket: string

  constructor(socket: string, cause?: unknown) {
    super(`no daemon listens on ${socket}`, { cause })
    this.socket = socket
  }
}

/** No terminal listens on the socket: its mission is not running, or is not on a terminal. */
export class TerminalNotRunning extends Error {
  override readonly name = 'TerminalNotRunning'
  readonly code = 'terminal_not_running'
  readonly socket: string

  constructor(socket: string, cause?: unknown) {
    super(`no terminal listens on ${socket}`, { cause })
    this.socket = socket
  }
}

/**
 * The connection could not be used or broke off. What was asked for may have happened or not: ask for the
 * facts before asking again.
 */
export class ConnectionFailed extends Error {
  override readonly name = 'ConnectionFailed'
  readonly code = 'connection_failed'
}

/** The system's code (`ENOENT`) of something thrown, or undefined. */
export function systemCode(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return undefined
}

/** Whether it failed because the daemon is away, ends, or went: another one may be there soon. */
export function isAway(error: unknown): boolean {
  if (error instanceof ApiError) return error.code === 'runtime_closed'
  return error instanceof DaemonNotRunning || error instanceof ConnectionFailed
}
