import { existsSync, readdirSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Store } from '../journal/store.ts'
import type { MissionActor } from '../mission/mission.ts'
import { OvermindError, systemCode } from '../model/errors.ts'
import { isMissionId, type MissionId, seq } from '../model/ids.ts'
import type { Stream } from '../model/output.ts'
import { hasBegun, hasRun, type MissionRecord } from '../model/state.ts'
import type { Home } from '../process/home.ts'
import type { Abandoned } from '../process/host.ts'
import type { RunRef } from '../process/run-ref.ts'
import { statOf } from '../process/regular-file.ts'
import { removeInputs } from '../process/input-files.ts'
import { beginningRecording, previousRecording } from '../process/terminal/recording.ts'
import { streamsOf } from '../process/output-streams.ts'
import { type Piece, readOutput, type ReadOutputOptions } from '../process/output-reader.ts'
import type { OutputFile, OutputOptions } from './mission-handle.ts'

const STREAMS: readonly Stream[] = ['output', 'stdout', 'stderr']

export interface OutputFiles {
  /** What the journal says has been accounted for of a run's streams. */
  seen(mission: MissionId, run: number): Abandoned['seen']
  /** Notes that the bytes before `to` are about to be given back. */
  trim(ref: RunRef, stream: Stream, to: number): void
  /** The first byte of a stream that is still kept, each time that it is asked. */
  floorOf(ref: RunRef, stream: Stream): () => number
  lastActivity(record: MissionRecord): number | null
  files(record: MissionRecord, run?: number): readonly OutputFile[]
  /** Removes files of missions whose removal is on record, as after a crash in between. */
  removeForgotten(isKnown: (mission: string) => boolean): void
  /** Removes what a terminal program that was killed has left of the terminal of a mission that has exited. */
  closeTerminal(mission: MissionId): void
  /** The missions that there is something of a terminal of. */
  terminals(): readonly MissionId[]
  read(actor: MissionActor, run: number, options: OutputOptions): AsyncGenerator<Piece, undefined>
  remove(mission: MissionId, lastRun: number): Promise<void>
}

/** The output files of a home, as missions see them. */
export function createOutputFiles(home: Home, store: Store): OutputFiles {
  /** How far the journal says that a stream has come; 0 when it says nothing. */
  function newest({ mission, run }: RunRef, stream: Stream, type: 'run.output' | 'run.trimmed'): number {
    const query = { after: seq(0), mission, run, stream, types: [type], limit: 1, newestFirst: true }
    const [event] = store.events(query)
    return event?.type === type ? event.to : 0
  }

  /** What has been trimmed in this life of the supervisor; for the rest see the journal. */
  const floors = new Map<string, number>()

  function floorOf(ref: RunRef, stream: Stream): () => number {
    const path = home.outputFile(ref.mission, ref.run, stream)
    const onRecord = floors.get(path) ?? newest(ref, stream, 'run.trimmed')
    return () => floors.get(path) ?? onRecord
  }

  /** The recordings of a run on a terminal, the older part first. */
  function recordingsOf(mission: MissionId, run: number): readonly string[] {
    const newest = home.recordingFile(mission, run)
    return [previousRecording(newest), newest]
  }

  return {
    floorOf,
    trim: (ref, stream, to) => void floors.set(home.outputFile(ref.mission, ref.run, stream), to),
    seen(mission, run) {
      const ref = { mission, run }
      const written = STREAMS.filter(
        (stream) => (statOf(home.outputFile(mission, run, stream))?.size ?? 0) > 0,
      )
      return Object.fromEntries(
        written.map((stream) => [
          stream,
          { to: newest(ref, stream, 'run.output'), trimmedTo: newest(ref, stream, 'run.trimmed') },
        ]),
      )
    },
    lastActivity({ id, state }) {
      let last: number | null = null
      if (state.run === 0) return null
      for (const stream of STREAMS) {
        const stats = statOf(home.outputFile(id, state.run, stream))
        if (stats !== undefined && stats.size > 0) last = Math.max(last ?? 0, stats.mtimeMs)
      }
      const recording = statOf(home.recordingFile(id, state.run))
      return recording === undefined ? last : Math.max(last ?? 0, recording.mtimeMs)
    },
    files({ id, state }, only) {
      const found: OutputFile[] = []
      for (let run = only ?? 1; run <= (only ?? state.run); run += 1) {
        for (const stream of STREAMS) {
          const path = home.outputFile(id, run, stream)
          const stats = statOf(path)
          if (stats?.isFile() !== true) continue
          found.push({
            run,
            stream,
            path,
            bytes: stats.size,
            trimmedTo: floorOf({ mission: id, run }, stream)(),
          })
        }
        for (const path of recordingsOf(id, run)) {
          const stats = statOf(path)
          if (stats?.isFile() === true)
            found.push({ run, stream: 'recording', path, bytes: stats.size, trimmedTo: 0 })
        }
      }
      return found
    },
    read(actor, run, { from = 0, follow = true, signal, stream = streamOf(actor, run, home) }) {
      const { id, state } = actor.record()
      // The first run of one that waits is still to come.
      const newest = state.phase.startsWith('pending.') ? 1 : state.run
      if (!Number.isInteger(run) || run < 1 || run > newest) {
        throw new OvermindError('run_not_found', `mission ${id} has no run ${run}: it has had ${state.run}`, {
          value: run,
        })
      }
      const path = home.outputFile(id, run, stream)
      const reading = {
        from,
        floor: floorOf({ mission: id, run }, stream),
        ...(signal === undefined ? {} : { signal }),
      }
      return follow ? followOutput(path, reading, actor, run) : readOutput(path, reading)
    },
    removeForgotten(isKnown) {
      const paths = [home.output, home.input, home.results].flatMap((folder) =>
        readdirSync(folder).map((name) => join(folder, name)),
      )
      for (const path of paths) {
        const id = basename(path).slice(0, 8)
        if (!isMissionId(id) || isKnown(id)) continue
        // A file that nobody remembers is left alone: its mission may only be lost with its store.
        const [removed] = store.events({ after: seq(0), mission: id, types: ['mission.removed'], limit: 1 })
        if (removed !== undefined) discard(path)
      }
    },
    closeTerminal(mission) {
      for (const path of [home.terminalSocket(mission), home.attachedFile(mission)]) discard(path)
    },
    terminals: () =>
      readdirSync(home.terminals)
        .map((name) => name.slice(0, 8))
        .filter(isMissionId),
    async remove(mission, lastRun) {
      await rm(home.resultsFolder(mission), { recursive: true, force: true })
      for (let run = lastRun; run > 0; run -= 1) {
        const files = STREAMS.map((stream) => home.outputFile(mission, run, stream))
        const beginning = beginningRecording(home.recordingFile(mission, run))
        const all = [...files, ...recordingsOf(mission, run), beginning]
        await Promise.all(all.map((path) => rm(path, { recursive: true, force: true })))
      }
      await removeInputs(mission, home)
    },
  }
}

/** Whatever its mission has put in its place; what may not be removed stays. */
function discard(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true })
  } catch (error) {
    if (systemCode(error) === undefined) throw error
  }
}

/** One run of a mission may be on a terminal, and the next not. The next may be read before it has begun. */
function streamOf(actor: MissionActor, run: number, home: Home): Stream {
  const { id, state } = actor.record()
  if (run >= state.run) return streamsOf(actor.streams())[0] ?? 'output'
  return existsSync(home.outputFile(id, run, 'output')) ? 'output' : 'stdout'
}

/** Settles when nothing more can come from a run: its whole tree is gone. */
function runOver(actor: MissionActor, run: number, signal: AbortSignal): Promise<unknown> {
  return actor.until(
    ({ run: current, exit, phase }) => current > run || exit !== null || (current === run && !hasRun(phase)),
    signal,
  )
}

/** Reads from the moment that there is a file to the moment that nothing more can come. */
async function* followOutput(
  path: string,
  reading: ReadOutputOptions,
  actor: MissionActor,
  run: number,
): AsyncGenerator<Piece, undefined> {
  // Whoever stops reading waits for nothing more.
  const left = new AbortController()
  const signal = AbortSignal.any([left.signal, ...(reading.signal === undefined ? [] : [reading.signal])])
  try {
    await actor.until((now) => now.exit !== null || hasBegun(now, run), signal)
    yield* readOutput(path, { ...reading, until: runOver(actor, run, signal) })
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    left.abort()
  }
}
