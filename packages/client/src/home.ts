import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** The folder that holds everything of one daemon: the one given, else `$OVERMIND_HOME`, else `~/.overmind`. */
export function resolveHome(home?: string): string {
  const chosen = home ?? process.env['OVERMIND_HOME']
  return chosen === undefined || chosen === '' ? join(homedir(), '.overmind') : resolve(chosen)
}

/** Where the terminal of a mission listens, while one of its runs is on one; needs no daemon. */
export function terminalSocketOf(home: string, mission: string): string {
  return join(terminalsOf(home), mission)
}

/** The folder of all of these. */
export function terminalsOf(home: string): string {
  return join(home, 'tty')
}

/** Where the daemon of this home listens. */
export function socketOf(home: string): string {
  return join(home, 'overmind.sock')
}
