/** Listens to missions that talk: reads their stdout as it grows, and tells each mission what its lines say. */
import { setTimeout as pause } from 'node:timers/promises'
import type { HeardLine } from '../mission/signal.ts'
import type { MissionActor } from '../mission/mission.ts'
import { isShortage } from '../model/errors.ts'
import type { MissionId } from '../model/ids.ts'
import type { Home } from '../process/home.ts'
import { type Piece, readOutput } from '../process/output-reader.ts'
import { keyOf, type RunRef } from '../process/run-ref.ts'
import type { Talk } from '../provider/talk.ts'

/** A longer line is not looked into. Bytes. */
const LONGEST_LINE = 64 * 1024 * 1024
const NEWLINE = 10
/** How soon it is tried again to listen, when the machine was short of something. Milliseconds. */
const RETRY_MS = 1000

export interface Listener {
  /** Begins to listen to a run where the mission's record says; nothing for one that does not talk. */
  listen(ref: RunRef): void
  /** The run writes nothing more: calls `then` when all that it wrote has been told. */
  afterAll(ref: RunRef, then: () => void): void
  /** Settles when nothing that has ended is still being listened to. */
  idle(): Promise<void>
  close(): void
}

export interface ListenerOptions {
  readonly home: Home
  find(mission: MissionId): MissionActor | undefined
  /** The first byte of stdout that is still kept, each time that it is asked. */
  floorOf(ref: RunRef): () => number
  onFault(error: unknown): void
}

interface Ear {
  /** Nothing more will be written. */
  readonly stop: () => void
  /** Settles when all has been told. */
  readonly done: Promise<void>
}

export function createListener({ home, find, floorOf, onFault }: ListenerOptions): Listener {
  const ears = new Map<string, Ear>()
  const ending = new Set<Promise<void>>()
  const closed = new AbortController()

  async function hear(ref: RunRef, actor: MissionActor, talk: Talk, until: Promise<void>): Promise<void> {
    const from = actor.record().state.conversation?.heard ?? 0
    const path = home.outputFile(ref.mission, ref.run, 'stdout')
    const lines = lineCutter(from)
    let told = from
    let read = from
    const pieces = readOutput(path, { from, floor: floorOf(ref), until, signal: closed.signal })
    for await (const piece of pieces) {
      const heard: HeardLine[] = []
      for (const { from: begin, to, text } of lines.cut(piece)) {
        read = to
        const facts = talk.hear(text)
        if (facts.length > 0) heard.push({ from: begin, to, facts })
      }
      const last = heard.at(-1)
      if (last === undefined) continue
      told = last.to
      actor.tell({ type: 'heard', run: ref.run, to: told, lines: heard })
    }
    // What it was cut off in may be all that it had to say.
    if (read > told && !closed.signal.aborted)
      actor.tell({ type: 'heard', run: ref.run, to: read, lines: [] })
  }

  /** What a run says is all that a session is known by: nothing passing makes it deaf. */
  async function hearAll(ref: RunRef, actor: MissionActor, talk: Talk, until: Promise<void>): Promise<void> {
    while (!closed.signal.aborted) {
      try {
        return await hear(ref, actor, talk, until)
      } catch (error) {
        onFault(error)
        if (!isShortage(error)) return
        await pause(RETRY_MS, undefined, { signal: closed.signal }).catch(() => undefined) // closed
      }
    }
  }

  return {
    listen: (ref) => {
      const actor = find(ref.mission)
      const talk = actor?.talk ?? null
      if (actor === undefined || talk === null || ears.has(keyOf(ref))) return
      const over = Promise.withResolvers<void>()
      const done = hearAll(ref, actor, talk, over.promise).finally(() => ears.delete(keyOf(ref)))
      ears.set(keyOf(ref), { stop: over.resolve, done })
    },
    afterAll: (ref, then) => {
      const ear = ears.get(keyOf(ref))
      if (ear === undefined) return then()
      ear.stop()
      const told = ear.done.then(() => {
        if (!closed.signal.aborted) then()
      })
      ending.add(told)
      void told.finally(() => ending.delete(told))
    },
    idle: async () => {
      await Promise.all(ending)
    },
    close: () => closed.abort(),
  }
}

interface Line {
  readonly from: number
  readonly to: number
  readonly text: string
}

/**
 * Cuts what comes in pieces into whole lines with their offsets. What is too long for a line is left out, and so is one of which
 * the beginning was no longer kept.
 */
function lineCutter(begin: number): { cut(piece: Piece): readonly Line[] } {
  let offset = begin
  let rest: Buffer[] = []
  let restBytes = 0
  let skipping = false

  return {
    cut: ({ at, bytes: piece }) => {
      const lines: Line[] = []
      if (at !== offset + restBytes) {
        offset = at
        rest = []
        restBytes = 0
        skipping = true
      }
      let start = 0
      for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, start)) {
        const bytes = Buffer.concat([...rest, piece.subarray(start, end)])
        const from = offset
        offset += bytes.length + 1
        if (!skipping) lines.push({ from, to: offset, text: bytes.toString('utf8') })
        rest = []
        restBytes = 0
        skipping = false
        start = end + 1
      }
      const left = piece.subarray(start)
      if (skipping) offset += left.length
      else if (left.length > 0) {
        rest.push(Buffer.from(left))
        restBytes += left.length
      }
      if (restBytes > LONGEST_LINE) {
        offset += restBytes
        rest = []
        restBytes = 0
        skipping = true
      }
      return lines
    },
  }
}
