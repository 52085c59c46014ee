/** What providers have in common when they read what an agent is asked and what it wrote. */
import type { MissionSpec } from '../model/spec.ts'

/** What an agent is asked first, in the words of its mission's command; null when that is empty. */
export function promptOf({ command }: Pick<MissionSpec, 'command'>): string | null {
  const prompt = command.kind === 'shell' ? command.line : command.argv.join(' ')
  return prompt.trim() === '' ? null : prompt
}

/** The object in a line of JSON; undefined for any other line, such as a warning of a program that does not know what its stdout is. */
export function objectInLine(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const value: unknown = JSON.parse(line)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

const WIDTH = 200

/** The first line that says something, cut at 200 characters, and how many there are behind it. */
export function oneLine(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const first = lines[0]?.trim() ?? ''
  const shown = first.length > WIDTH ? `${first.slice(0, WIDTH - 1)}…` : first
  return lines.length > 1 ? `${shown} (+${lines.length - 1} lines)` : shown
}

/** More than any agent counts in one answer, and so little that sums stay exact. */
const MOST = 1e12

/** How many there are of something, as an agent tells; 0 for what is no count. */
export function countOf(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MOST ? value : 0
}

/** An amount of money, as an agent tells; undefined for what is none. */
export function amountOf(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= MOST ? value : undefined
}
