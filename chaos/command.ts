/** The built `overmind` command, as a process. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text as readAll } from 'node:stream/consumers'

/** The built command, to be run by Node. */
export const OVERMIND: string = join(import.meta.dirname, '..', 'packages', 'cli', 'bin', 'overmind.cjs')

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export type Command = (args: readonly string[], signal: AbortSignal | undefined) => Promise<Outcome>

export function overmindCommand(home: string): Command {
  return async (args, signal) => {
    const child = spawn(process.execPath, [OVERMIND, ...args], {
      cwd: '/tmp',
      env: { ...process.env, OVERMIND_HOME: home, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(signal === undefined ? {} : { signal }),
    })
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve)
    })
    const [code, stdout, stderr] = await Promise.all([ended, readAll(child.stdout), readAll(child.stderr)])
    return { code, stdout, stderr }
  }
}
