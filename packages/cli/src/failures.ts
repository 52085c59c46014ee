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
  if (isAboutSettings(error)) {
    // A line for each thing that is wrong, made for a terminal where it was found.
    printError(`${error.message.split('\n').map(inert).join('\n')}\n`)
    printError(`Error: The settings of the daemon are not valid (${error.code})\n`)
    return 1
  }
  printError(`${describe(error)}\n`)
  return error instanceof UsageError ? 2 : 1
}

function isAboutSettings(error: unknown): error is ApiError | CommandError {
  return (error instanceof ApiError || error instanceof CommandError) && error.code === 'invalid_config'
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
