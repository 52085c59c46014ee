import { constants } from 'node:os'

/** The first name of each number: SIGABRT and not its alias SIGIOT. */
const BY_NUMBER = new Map<number, NodeJS.Signals>()
for (const [name, number] of Object.entries(constants.signals)) {
  if (isSignal(name) && !BY_NUMBER.has(number)) BY_NUMBER.set(number, name)
}

export function isSignal(name: string): name is NodeJS.Signals {
  return Object.hasOwn(constants.signals, name)
}

/** What a shell reports of a command that SIGKILL ended. */
export const KILLED = 137
/** What it reports of one that SIGTERM ended. */
export const TERMINATED = 143

/** The signal that a shell reports as exit code 128 + n, or null for an ordinary code. */
export function signalOfCode(code: number): NodeJS.Signals | null {
  return code > 128 ? (BY_NUMBER.get(code - 128) ?? null) : null
}
