/** A home as months of use leave it, written through the store and the file system that a daemon uses. */
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type EventDraft, isMissionId, type MissionId, type MissionRecord, seq } from '@overmind/core'
import { openSqliteStore } from '@overmind/daemon'

export interface History {
  readonly missions: number
  readonly events: number
  /** Of all missions together. */
  readonly outputBytes: number
  /** The days it is spread over, up to now. */
  readonly days: number
}

export interface Seeded {
  /** The mission that has written most: a quarter of the whole is of a few such. */
  readonly loudest: string
  /** One of those that have written little. */
  readonly quiet: string
  /** The number of the newest event. */
  readonly last: number
}

const DAY_MS = 86_400_000
/** The loudest missions have kept as much as is kept by default. */
const LOUD_BYTES = 256 * 2 ** 20
const PIECE_BYTES = 2 ** 20

/**
 * Multiplies the one mission that the stopped daemon of this home has in its store: what is written has the shape of what was really
 * there, with other ids, names and times. Each has output files, and events that tell when they grew.
 */
export function seedHistory(home: string, { missions, events, outputBytes, days }: History): Seeded {
  const store = openSqliteStore(join(home, 'overmind.db'))
  const [template] = store.missions()
  if (template === undefined || template.state.exit === null)
    throw new Error('the home must have one mission that has exited')
  const story = store.events({ after: seq(0), mission: template.id, limit: 100 })
  const loud = Math.floor(outputBytes / 4 / LOUD_BYTES)
  const others = (outputBytes - loud * LOUD_BYTES) / (missions - loud)
  const notes = Math.max(1, Math.floor(events / missions) - story.length)
  const everyMs = (days * DAY_MS) / missions
  for (let index = 0; index < missions; index += 1) {
    const id = idOf(index)
    const at = Date.now() - (missions - index) * everyMs
    const bytes = Math.floor(index < loud ? LOUD_BYTES : others)
    writeOutput(join(home, 'output', `${id}.1.log`), index, bytes)
    const moved = <T extends { readonly at: number }>(event: T): T => ({ ...event, at: Math.floor(at) })
    const told = story.map(({ seq: _, ...event }) => moved({ ...event, mission: id }) as EventDraft)
    const grown = Array.from({ length: notes }, (_, note): EventDraft => ({
      type: 'run.output',
      mission: id,
      run: 1,
      stream: 'output',
      from: Math.floor((bytes * note) / notes),
      to: Math.floor((bytes * (note + 1)) / notes),
      at: Math.floor(at + (everyMs * note) / notes),
    }))
    store.commit({
      events: [...told.slice(0, -2), ...grown, ...told.slice(-2)],
      put: [recordOf(template, id, index, at)],
    })
  }
  const last = store.last()
  store.close()
  return { loudest: nameOf(0), quiet: nameOf(missions - 1), last }
}

function recordOf(template: MissionRecord, id: MissionId, index: number, at: number): MissionRecord {
  const { exit } = template.state
  return {
    ...template,
    id,
    name: nameOf(index),
    createdAt: Math.floor(at),
    state: { ...template.state, exit: exit === null ? null : { ...exit, at: Math.floor(at) } },
  }
}

function nameOf(index: number): string {
  return `agent-${index}`
}

function idOf(index: number): MissionId {
  const id = (0xa0000000 + index).toString(16)
  if (!isMissionId(id)) throw new TypeError(`${id} is no id`)
  return id
}

function writeOutput(path: string, index: number, bytes: number): void {
  const line = `${String(index).padStart(6)} what an agent says about its work, of about the length that such lines have\n`
  const piece = Buffer.from(line.repeat(Math.ceil(PIECE_BYTES / line.length)))
  const file = openSync(path, 'w', 0o600)
  for (let written = 0; written < bytes; written += piece.length) writeSync(file, piece)
  ftruncateSync(file, bytes)
  closeSync(file)
}
