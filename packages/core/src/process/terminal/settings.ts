import { OvermindError } from '../../model/errors.ts'
import type { TerminalSize } from '../../model/spec.ts'

/** In the terminal program alone: how it is to run. The command does not get it. */
export const TERMINAL_MARK = 'OVERMIND_TERMINAL'

/** What the terminal program of a run is told. The run itself is in its marks, the command in its arguments. */
export interface TerminalSettings {
  readonly size: TerminalSize
  /** The file that the recording goes to. */
  readonly recording: string
  readonly recordingLimitBytes: number
  /** The folder of the socket that people attach to. */
  readonly folder: string
  /** Variables of the command that would change how Node itself runs. */
  readonly hidden: Readonly<Record<string, string>>
}

/** @throws OvermindError `invalid_request` when that is not of this project's making */
export function parseSettings(text: string | undefined): TerminalSettings {
  const value: unknown = text === undefined ? undefined : JSON.parse(text)
  if (!isSettings(value)) {
    throw new OvermindError(
      'invalid_request',
      `this program is started by an Overmind keeper, with ${TERMINAL_MARK} in its environment: it is not for use by hand`,
    )
  }
  return value
}

function isSettings(value: unknown): value is TerminalSettings {
  return (
    typeof value === 'object' &&
    value !== null &&
    'size' in value &&
    'recording' in value &&
    'recordingLimitBytes' in value &&
    'folder' in value &&
    'hidden' in value
  )
}
