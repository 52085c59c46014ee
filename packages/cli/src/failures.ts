import { ApiError, ConnectionFailed, DaemonNotRunning } from '@overmind/client'
import { inert } from '@overmind/daemon/text'
import { printError } from './terminal/print.ts'

/** Something the command cannot do; `code` is for scripts. Exit code 1. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError'
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** The command line itself is wrong. Exit code 2, and nothing has been asked of any daemon. */
export class UsageError extends CommandError {
  override readonly name = 'UsageError'

  constructor(message: string, code = 'usage') {
    super(code, message)
  }
}

/** Says on stderr what went wrong and returns the exit code. */
export function report(error: unknown): 1 | 2 {
  printError(`${describe(error)}\n`)
  return error instanceof UsageError ? 2 : 1
}

function describe(error: unknown): string {
  if (error instanceof DaemonNotRunning) return 'Daemon not running. Start with: overmind start'
  if (error instanceof ApiError || error instanceof CommandError || error instanceof ConnectionFailed) {
    return `Error: ${sentence(inert(error.message))} (${error.code})`
  }
  return `Error: ${sentence(inert(error instanceof Error ? error.message : String(error)))} (internal)`
}

/** Begins with a capital letter, unless the first word is a field, a flag or a value. */
function sentence(text: string): string {
  return text.replace(/^[a-z](?=[a-z]*[ ,])/, (letter) => letter.toUpperCase())
}
