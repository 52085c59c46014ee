/** Telling a session that what belongs to it has exited: once for each exit, whoever dies meanwhile. */
import { createHash } from 'node:crypto'
import { OvermindError } from '../model/errors.ts'
import { isMessageId, type MessageId, type MissionId } from '../model/ids.ts'
import type { Entry } from './registry.ts'

/** So much of an agent's last answer goes along. Characters. */
const LONGEST_ANSWER = 4000

export interface ExitReports {
  /** A mission has exited for good, or was found so. */
  report(id: MissionId): void
}

export interface ExitReportsOptions {
  find(id: MissionId): Entry | undefined
  /** Whether a mission has come to another parent since it exited: the one before has been told. */
  hasMovedSince(id: MissionId): boolean
  /** Whether the journal knows of a message to a mission. */
  isQueued(mission: MissionId, message: MessageId): boolean
  onFault(error: unknown): void
}

export function createExitReports({
  find,
  hasMovedSince,
  isQueued,
  onFault,
}: ExitReportsOptions): ExitReports {
  /** The session that is to be told, while it takes messages. */
  function listener(entry: Entry): Entry | undefined {
    const { spec, state } = entry.actor.record()
    if (spec.onExit !== 'tell-parent' || spec.parent === null || state.exit === null) return undefined
    const parent = find(spec.parent)
    if (parent?.live !== true || parent.actor.record().spec.type !== 'session') return undefined
    const { ending } = parent.actor.record().state
    return ending?.reason === 'stop' || ending?.reason === 'kill' ? undefined : parent
  }

  async function tell(entry: Entry): Promise<void> {
    const text = `${exitOf(entry)}${await lastWordsOf(entry)}`
    // It may have ended while the answer was read.
    const parent = listener(entry)
    const message = messageOf(entry)
    if (parent !== undefined && !isQueued(parent.id, message))
      parent.actor.tell({ type: 'say', message, text })
  }

  /** That it has exited is told also when its answer cannot be read any more. */
  async function lastWordsOf({ handle }: Entry): Promise<string> {
    const answer = await handle.result().catch((error: unknown) => {
      if (!(error instanceof OvermindError)) onFault(error)
      return null
    })
    const text = answer?.text ?? ''
    if (text === '') return ''
    const cut = text.length > LONGEST_ANSWER ? `${text.slice(0, LONGEST_ANSWER)}…` : text
    return `\n\nIts last answer:\n${cut}`
  }

  return {
    report(id) {
      const entry = find(id)
      if (entry !== undefined && listener(entry) !== undefined && !hasMovedSince(id))
        tell(entry).catch(onFault)
    },
  }
}

function exitOf({ id, name, actor }: Entry): string {
  const { exit } = actor.record().state
  return `Mission ${name} (${id}), which belongs to you, has exited: ${exit?.class}. ${exit?.evidence.reason}.`
}

/** The same for the same exit, so that it is never said twice. */
function messageOf({ id, actor }: Entry): MessageId {
  const { run, exit } = actor.record().state
  const hex = createHash('sha256').update(`${id} ${run} ${exit?.at}`).digest('hex')
  const uuid = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-')
  if (!isMessageId(uuid)) throw new TypeError(`${uuid} is no UUID`)
  return uuid
}
