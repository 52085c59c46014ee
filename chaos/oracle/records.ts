/** The files that programs and Overmind write, read when they are asked for. */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Lab } from '../../packages/claude/test/support/cli.ts'
import type { Records } from './sight.ts'

/** What the Claude CLI says of itself where people would speak. */
const INTERRUPTION = '[Request interrupted'

export interface RecordsOptions {
  readonly home: string
  readonly notes: string
  readonly lab: Pick<Lab, 'transcript'>
}

export function openRecords({ home, notes, lab }: RecordsOptions): Records {
  return {
    note(name) {
      const text = textOf(join(notes, name))
      return text === null ? null : linesOf(text)
    },
    notedAt: (name) => statSync(join(notes, name), { bigint: true, throwIfNoEntry: false })?.mtimeNs ?? null,
    output: (mission, run) => linesOf(textOf(join(home, 'output', `${mission}.${run}.log`)) ?? ''),
    recording: (mission, run) => shownIn(textOf(join(home, 'output', `${mission}.${run}.cast`)) ?? ''),
    conversation: (id) =>
      lab
        .transcript(id)
        .filter(({ type, isMeta }) => type === 'user' && isMeta !== true)
        .flatMap(({ message }) => message?.content ?? [])
        .flatMap(({ type, text = '' }) => (type === 'text' && !text.startsWith(INTERRUPTION) ? [text] : [])),
  }
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // It is not there, yet or any more.
    return null
  }
}

const linesOf = (text: string): readonly string[] => text.split(/\r?\n/).filter(Boolean)

/** The lines that a recording in the format of asciinema shows, as far as nothing moves the cursor. */
function shownIn(recording: string): readonly string[] {
  const events = recording
    .split('\n')
    // The first line describes it; behind the last may be one that is being written.
    .slice(1, -1)
    .map((line): unknown => JSON.parse(line))
  const shown = events.flatMap((event) =>
    Array.isArray(event) && event[1] === 'o' && typeof event[2] === 'string' ? [event[2]] : [],
  )
  return linesOf(shown.join(''))
}
