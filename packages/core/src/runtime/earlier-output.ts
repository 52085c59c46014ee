import { rm } from 'node:fs/promises'
import { setImmediate as breathe } from 'node:timers/promises'
import type { MissionId, Run } from '../model/ids.ts'
import type { MissionRecord } from '../model/state.ts'
import type { Clock } from '../model/time.ts'
import { statOf } from '../process/regular-file.ts'
import { trimBefore, trimPoint } from '../process/trim.ts'
import type { OutputFile } from './mission-handle.ts'
import type { OutputFiles } from './output-files.ts'
import type { Writer } from './writer.ts'

/**
 * What the earlier runs of a mission wrote, of which so much is kept together as of one run, the newest: a mission that
 * starts again and again does not fill the disk.
 */
export interface EarlierOutput {
  /** The newest run of a mission has begun: those before it will write no more. */
  begun(record: MissionRecord): void
  /** The mission is forgotten. */
  forget(mission: MissionId): void
  /** Settles when nothing is being given back. */
  settled(): Promise<void>
}

export interface EarlierOutputDeps {
  readonly outputs: Pick<OutputFiles, 'files' | 'trim'>
  readonly writer: Writer
  readonly clock: Clock
  readonly onFault: (error: unknown) => void
}

interface Kept {
  /** Of the runs before this one nothing is left. */
  oldest: Run
  /** The first run whose output is not counted yet. */
  next: Run
  bytes: number
}

/** After so many runs it lets others have a turn. */
const AT_A_TIME = 64
const BLOCK = 512

export function createEarlierOutput({ outputs, writer, clock, onFault }: EarlierOutputDeps): EarlierOutput {
  const keptOf = new Map<MissionId, Kept>()
  const busy = new Map<MissionId, Promise<void>>()

  async function trimEarlier(record: MissionRecord): Promise<void> {
    const { id, spec, state } = record
    const kept = keptOf.get(id) ?? { oldest: 1, next: 1, bytes: 0 }
    keptOf.set(id, kept)
    for (; kept.next < state.run; kept.next += 1) {
      kept.bytes += sum(outputs.files(record, kept.next))
      if (kept.next % AT_A_TIME === 0) await breathe()
    }
    for (; kept.bytes > spec.outputLimitBytes && kept.oldest < state.run; kept.oldest += 1) {
      const files = outputs.files(record, kept.oldest)
      const before = sum(files)
      for (const file of files)
        await giveBack(id, file, kept.bytes - before + sum(files) - spec.outputLimitBytes)
      const left = sum(files)
      kept.bytes += left - before
      if (left > 0) return
    }
  }

  /** Gives so many bytes of a file back to the disk, the oldest, as far as it has them. */
  async function giveBack(
    mission: MissionId,
    { run, stream, path, bytes }: OutputFile,
    excess: number,
  ): Promise<void> {
    const kept = onDisk(path)
    if (excess <= 0 || kept === 0) return
    if (stream === 'recording') {
      // Half of one cannot be played.
      if (kept <= excess) await rm(path, { force: true })
      return
    }
    const to = kept <= excess ? bytes : trimPoint(bytes - kept + excess)
    if (to <= 0) return
    writer.commit({ events: [{ type: 'run.trimmed', mission, run, at: clock.now().wall, stream, to }] })
    outputs.trim({ mission, run }, stream, to)
    const result = await trimBefore(path, to)
    // The next run of the mission will try again.
    if (result.kind === 'hindered') throw result.error
    if (result.kind === 'unsupported')
      writer.note({ type: 'run.untrimmed', mission, run, at: clock.now().wall, reason: result.reason })
  }

  return {
    begun(record) {
      if (record.state.run === 1) return
      const turn = (busy.get(record.id) ?? Promise.resolve()).then(() => trimEarlier(record)).catch(onFault)
      busy.set(record.id, turn)
      void turn.then(() => {
        if (busy.get(record.id) === turn) busy.delete(record.id)
      })
    },
    forget: (mission) => void keptOf.delete(mission),
    async settled() {
      await Promise.all(busy.values())
    },
  }
}

function sum(files: readonly OutputFile[]): number {
  return files.reduce((bytes, { path }) => bytes + onDisk(path), 0)
}

function onDisk(path: string): number {
  return (statOf(path)?.blocks ?? 0) * BLOCK
}
