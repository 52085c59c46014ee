/** What can be done with a mission that talks, beyond what can be done with any. */
import { type Answer, nothingSpent, type Verdict } from '../model/conversation.ts'
import { OvermindError } from '../model/errors.ts'
import { DEFAULT_TERMINAL_SIZE } from '../model/spec.ts'
import type { EventDraft } from '../model/events.ts'
import { type MessageId, newMessageId, newUuid, type Random } from '../model/ids.ts'
import { hasBegun, type MissionState } from '../model/state.ts'
import type { MissionActor } from '../mission/mission.ts'
import { isAbsent, openRegularFile } from '../process/regular-file.ts'
import type { AnswerText } from '../provider/talk.ts'
import type { Mission } from './mission-handle.ts'
import { mustRun } from './must-run.ts'

/** So many bytes one message may have. */
const LONGEST_MESSAGE = 1024 * 1024

/** So much of what an agent said in a turn is looked through for its answer, from its end. Bytes. */
const LONGEST_TURN = 16 * 1024 * 1024

type Answered = Extract<EventDraft, { type: 'message.answered' }>

interface SessionDeps {
  readonly random: Random
  /** What the journal says became of a message, and whether it knows of it. */
  answered(message: MessageId): Answered | undefined
  queued(message: MessageId): boolean
  stdoutOf(run: number): string
}

export function sessionOf(
  actor: MissionActor,
  { random, answered, queued, stdoutOf }: SessionDeps,
): Pick<Mission, 'send' | 'answer' | 'result' | 'interrupt' | 'sitDown' | 'standUp' | 'decide' | 'talk'> {
  const { id, talk } = actor
  const name = (): string => `mission ${id} (${actor.record().name})`

  /** @throws OvermindError `not_session`, `not_running` */
  function mustListen(): void {
    const { spec, state } = actor.record()
    if (spec.type !== 'session') {
      throw new OvermindError(
        'not_session',
        `${name()} is a task and takes no messages: start it with type session for that`,
      )
    }
    const { exit, ending } = state
    if (exit === null && ending?.reason !== 'stop' && ending?.reason !== 'kill') return
    const how = exit === null ? 'is being stopped' : `is not running: it is ${actor.status()}`
    throw new OvermindError('not_running', `${name()} ${how}`)
  }

  /** Settles when the agent has nothing to do, or is on its terminal. */
  async function rest(interrupt: boolean, signal?: AbortSignal): Promise<void> {
    const asks = ({ conversation }: MissionState): boolean =>
      !interrupt && (conversation?.asks.some(({ verdict }) => verdict === null) ?? false)
    if (actor.record().state.conversation?.turn === 'busy' && interrupt)
      actor.request({ type: 'interrupt', request: newUuid(random) })
    const now = await actor.until(
      (state) => state.conversation?.turn === 'idle' || isSat(state) || state.exit !== null || asks(state),
      signal,
    )
    mustRun(actor)
    if (asks(now)) {
      throw new OvermindError(
        'waits_for_answer',
        `${name()} asks something: answer that first (overmind inbox), or interrupt it`,
      )
    }
  }

  /** Settles when the run behind this one is there. */
  async function begun(run: number, signal?: AbortSignal): Promise<void> {
    await actor.until((now) => now.exit !== null || hasBegun(now, run + 1), signal)
    mustRun(actor)
  }

  async function textOf({ run, from, to }: Pick<Answer, 'run' | 'from' | 'to'>): Promise<AnswerText> {
    if (talk === null || to <= from) return { text: '', durationMs: null, spent: nothingSpent, details: {} }
    await using file = await openRegularFile(stdoutOf(run), 'read').catch((error: unknown) => {
      if (!isAbsent(error)) throw error
      throw new OvermindError('no_result', `${name()} has answered, and the file of its output is gone`)
    })
    const position = Math.max(from, to - LONGEST_TURN)
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(to - position), position })
    return talk.answer(buffer.toString('utf8', 0, bytesRead).replace(/\n$/, ''))
  }

  return {
    talk,
    send(text) {
      mustListen()
      if (text.trim() === '') {
        throw new OvermindError('empty_message', 'a message must not be empty', {
          field: 'text',
          value: text,
        })
      }
      if (Buffer.byteLength(text) > LONGEST_MESSAGE || text.includes('\0')) {
        throw new OvermindError(
          'message_too_long',
          `a message has at most ${LONGEST_MESSAGE} bytes, and no NUL character: put more into a file and name that`,
          { field: 'text' },
        )
      }
      const message = newMessageId(random)
      actor.request({ type: 'say', message, text })
      return message
    },
    async answer(message, { signal } = {}) {
      if (!queued(message)) {
        throw new OvermindError('message_not_found', `${name()} has been sent no message ${message}`, {
          value: message,
        })
      }
      const pending = (): boolean =>
        actor.record().state.conversation?.messages.some((open) => open.id === message) ?? false
      await actor.until(({ exit }) => !pending() || exit !== null, signal)
      const event = pending() ? undefined : answered(message)
      if (event === undefined) {
        throw new OvermindError('not_running', `${name()} exited before it had answered message ${message}`)
      }
      const { ok, run } = event
      return { message, ok, run, ...(await textOf(event)) }
    },
    async result() {
      const last = actor.record().state.conversation?.last ?? null
      return last === null ? null : { ok: last.ok, run: last.run, ...(await textOf(last)) }
    },
    interrupt() {
      const { conversation, exit } = actor.record().state
      if (talk === null || conversation === null || talk.interrupt('', conversation) === null) {
        throw new OvermindError('not_session', `${name()} cannot be interrupted: stop it instead`)
      }
      if (exit !== null) throw new OvermindError('not_running', `${name()} is not running`)
      if (conversation.turn !== 'busy') {
        throw new OvermindError('not_busy', `${name()} is doing nothing that could be interrupted`)
      }
      actor.request({ type: 'interrupt', request: newUuid(random) })
    },
    async sitDown({ columns, rows, interrupt = false, signal } = {}) {
      if (talk?.hasTerminal !== true) {
        throw new OvermindError(
          'not_terminal',
          `${name()} has no terminal of its own: see its output instead`,
        )
      }
      mustRun(actor)
      if (isSat(actor.record().state)) return
      // Another message would make it busy again.
      using _ = actor.hold()
      await rest(interrupt, signal)
      const { run } = actor.record().state
      // Somebody else who waited was first.
      if (isSat(actor.record().state)) return await begun(run - 1, signal)
      const { columns: wide, rows: high } = DEFAULT_TERMINAL_SIZE
      actor.request({ type: 'sit', terminal: { columns: columns ?? wide, rows: rows ?? high } })
      try {
        actor.request({ type: 'restart' })
      } catch (error) {
        // The store is full: a run that begins later is not for people who have been told so.
        actor.tell({ type: 'sit', terminal: null })
        throw error
      }
      await begun(run, signal)
    },
    async standUp() {
      mustRun(actor)
      const { run, conversation } = actor.record().state
      if (conversation === null || conversation.terminal === null) {
        throw new OvermindError('not_terminal', `${name()} is not at its terminal`)
      }
      actor.request({ type: 'restart' })
      await begun(run)
    },
    decide(ask, verdict: Verdict) {
      const open = actor.record().state.conversation?.asks.find((one) => one.id === ask)
      if (open === undefined || open.verdict !== null) {
        throw new OvermindError('ask_not_found', `${name()} does not ask ${ask}, or no longer`, {
          value: ask,
        })
      }
      actor.request({ type: 'verdict', ask, verdict })
    },
  }
}

/** Whether its run is on the terminal that the agent has for people. */
function isSat({ conversation }: MissionState): boolean {
  return conversation !== null && conversation.terminal !== null
}
