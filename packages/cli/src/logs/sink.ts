import type { MissionView } from '@overmind/client'
import { type InertStream, inertStream } from '@overmind/daemon/text'
import { print } from '../terminal/print.ts'
import { isTerminal } from '../terminal/terminal.ts'

const NEWLINE = 0x0a
/** A line that does not end is torn after so many bytes. */
const LONGEST_LINE = 64 * 1024

/** Whose output it is. */
export type Speaker = Pick<MissionView, 'id' | 'name'>

export interface LogSink {
  /** Prints bytes of a mission as they come. */
  write(mission: Speaker, bytes: Uint8Array): void
  /** Prints the lines that are complete and keeps the rest for later. */
  writeLines(mission: Speaker, bytes: Uint8Array): void
  /** Prints what was kept, and the heading of a mission that has written nothing. */
  end(mission: Speaker): void
}

interface Source {
  readonly stream: InertStream
  readonly rest: Uint8Array
}

/**
 * Prints the output of missions, with `=== <name> (<id>) ===` where another mission begins to speak when
 * `headed`. On a terminal the output is made inert, unless `raw`.
 */
export function logSink({ raw, headed }: { readonly raw: boolean; readonly headed: boolean }): LogSink {
  const untouched = raw || !isTerminal()
  const sources = new Map<string, Source>()
  const named = new Set<string>()
  let speaker: string | undefined
  let lineOpen = false

  function sourceOf({ id }: Speaker): Source {
    return sources.get(id) ?? { stream: inertStream(), rest: new Uint8Array() }
  }

  function emit({ id, name }: Speaker, output: string | Uint8Array): void {
    if (headed && speaker !== id) {
      const gap = speaker === undefined ? '' : lineOpen ? '\n\n' : '\n'
      print(`${gap}=== ${name} (${id}) ===\n`)
      speaker = id
      named.add(id)
      lineOpen = false
    }
    if (output.length === 0) return
    print(output)
    lineOpen = typeof output === 'string' ? !output.endsWith('\n') : output.at(-1) !== NEWLINE
  }

  function write(mission: Speaker, bytes: Uint8Array): void {
    if (untouched) return emit(mission, bytes)
    const source = sourceOf(mission)
    sources.set(mission.id, source)
    emit(mission, source.stream.push(bytes))
  }

  return {
    write,
    writeLines: (mission, bytes) => {
      const { stream, rest } = sourceOf(mission)
      const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
      const end = all.length > LONGEST_LINE ? all.length : all.lastIndexOf(NEWLINE) + 1
      sources.set(mission.id, { stream, rest: all.subarray(end) })
      if (end > 0) write(mission, all.subarray(0, end))
    },
    end: (mission) => {
      const { stream, rest } = sourceOf(mission)
      if (rest.length > 0) write(mission, rest)
      const last = untouched ? '' : stream.end()
      if (last !== '' || !named.has(mission.id)) emit(mission, last)
      sources.delete(mission.id)
    },
  }
}
