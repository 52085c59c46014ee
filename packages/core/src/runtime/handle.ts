import type { Journal } from '../journal/journal.ts'
import type { MissionActor } from '../mission/mission.ts'
import { OvermindError } from '../model/errors.ts'
import type { Gap, JournalMissionEvent } from '../model/events.ts'
import { type MissionId, seq } from '../model/ids.ts'
import { hasBegun, type MissionRecord, waitsToRun } from '../model/state.ts'
import { withoutMarks } from '../process/marks.ts'
import { mustRun } from './must-run.ts'
import {
  type EventsOptions,
  isOf,
  type Mission,
  type MissionView,
  type OutputOptions,
  type OutputPiece,
} from './mission-handle.ts'

interface HandleDeps {
  readonly journal: Journal
  readonly resultsFolder: string
  lastActivity(): number | null
  children(): readonly MissionId[]
  /** Kills all that belongs to it, children before their parents. */
  killChildren(): Promise<void>
  history: Mission['history']
  outputFiles: Mission['outputFiles']
  attached: Mission['attached']
  doing: Mission['doing']
  read(run: number, options: OutputOptions): AsyncIterableIterator<OutputPiece>
  /** Takes the mission's name again when it has exited. @throws OvermindError `name_taken`, `not_found` when it was removed */
  mayRunAgain(): void
  readonly session: Pick<
    Mission,
    'send' | 'answer' | 'result' | 'interrupt' | 'sitDown' | 'standUp' | 'decide' | 'talk'
  >
}

export function missionHandle(actor: MissionActor, deps: HandleDeps): Mission {
  const { id } = actor

  function isEnding(): OvermindError {
    return new OvermindError(
      'not_running',
      `mission ${id} (${actor.record().name}) is being stopped and will not run again`,
    )
  }

  async function* events(options: EventsOptions = {}): AsyncGenerator<JournalMissionEvent | Gap, undefined> {
    const { since = seq(0), signal } = options
    // What has exited may have done so before `since`: there is no end to wait for.
    const follow = (options.follow ?? true) && actor.record().state.exit === null
    const subscription = deps.journal.subscribe({
      since,
      mission: id,
      follow,
      ...(signal === undefined ? {} : { signal }),
    })
    for await (const event of subscription) {
      if (!isOf(id, event)) continue
      yield event
      if (event.type === 'mission.removed') return
      // The end of a mission that has been started again since is not its end, and without following
      // what came after it is told too: its last output may be trimmed later.
      if (
        follow &&
        event.type === 'mission.exited' &&
        actor.record().state.exit !== null &&
        event.run === actor.record().state.run
      )
        return
    }
  }

  function outputPieces(options: OutputOptions = {}): AsyncIterableIterator<OutputPiece> {
    return deps.read(options.run ?? Math.max(1, actor.record().state.run), options)
  }

  /** Lists ask for many views again and again, and few have changed. */
  let seen: { readonly of: MissionRecord; readonly view: MissionView } | undefined

  return {
    ...deps.session,
    id,
    name: actor.record().name,
    view() {
      const record = actor.record()
      const children = deps.children()
      if (seen?.of !== record || seen.view.children !== children) {
        const { name, spec, state, createdAt } = record
        seen = { of: record, view: { id, name, spec, state, createdAt, status: actor.status(), children } }
      }
      return seen.view
    },
    environment: () => withoutMarks(actor.record().env),
    resultsFolder: deps.resultsFolder,
    lastActivity: deps.lastActivity,
    history: deps.history,
    outputFiles: deps.outputFiles,
    attached: deps.attached,
    doing: deps.doing,
    async stop({ timeoutMs } = {}) {
      mustRun(actor)
      actor.request({ type: 'stop', timeoutMs: timeoutMs ?? null })
      return actor.exited()
    },
    async kill({ cascade = false } = {}) {
      const { exit } = actor.record().state
      if (!cascade || exit === null) mustRun(actor)
      if (cascade) await deps.killChildren()
      if (cascade && actor.record().state.exit !== null) return actor.exited()
      actor.request({ type: 'kill' })
      return actor.exited()
    },
    async restart() {
      deps.mayRunAgain()
      const { run, phase, ending, exit } = actor.record().state
      // One that is about to begin is what was asked for.
      if (phase !== 'running.starting') {
        if (exit === null && (ending?.reason === 'stop' || ending?.reason === 'kill')) throw isEnding()
        actor.request({ type: 'restart' })
      }
      const before = phase === 'running.starting' ? run - 1 : run
      const now = await actor.until(
        (state) => hasBegun(state, before + 1) || waitsToRun(state.phase) || state.exit !== null,
      )
      if (now.run <= before && !waitsToRun(now.phase)) throw isEnding()
    },
    unhealthy() {
      actor.tell({ type: 'unhealthy', run: actor.record().state.run })
    },
    exited: ({ signal } = {}) => actor.exited(signal),
    until: (test, { signal } = {}) => actor.until(test, signal),
    events,
    output: (options) => bytesOf(outputPieces(options)),
    outputPieces,
  }
}

async function* bytesOf(pieces: AsyncIterable<OutputPiece>): AsyncGenerator<Uint8Array, undefined> {
  for await (const { bytes } of pieces) yield bytes
}
