import { setImmediate as breathe } from 'node:timers/promises'
import { type Mission, seq, type Seq } from '@overmind/core'

/** So many events are read at a time; between two, others have a turn. */
const PAGE = 256

export interface Saying {
  readonly at: number
  readonly text: string
}

/** What people said to an agent, in its order, as its log comes to it. Each message is there once, however often it had to be told. */
export interface Said {
  /** The log of this run begins at this offset of stdout: what was said before is passed over. Of a run that has begun, nothing is. */
  begin(run: number, offset: number): Promise<void>
  /** What is new of what was said in this run before the agent had been heard further. */
  take(run: number, heard: number): Promise<readonly Saying[]>
}

interface Handed {
  readonly message: string
  readonly heard: number
  readonly at: number
}

/** Reads each event once, and holds the texts alone of what waits to be shown. */
export function saidTo(mission: Mission): Said {
  const shown = new Set<string>()
  const texts = new Map<string, string>()
  let textsTo = seq(0)
  let current = runBefore(0)

  function runBefore(run: number): {
    readonly run: number
    handedTo: Seq
    readonly handed: Handed[]
    seen: unknown
  } {
    return { run, handedTo: seq(0), handed: [], seen: undefined }
  }

  /** What has been told since the last look. */
  async function look(run: number): Promise<void> {
    if (run !== current.run) current = runBefore(run)
    // Changed with each message that is told.
    const messages = mission.view().state.conversation?.messages ?? null
    if (current.seen === messages) return
    current.seen = messages
    for (;;) {
      const page = mission.history({
        run,
        types: ['message.handed'],
        since: current.handedTo,
        oldestFirst: true,
        limit: PAGE,
      })
      for (const event of page) if (event.type === 'message.handed') current.handed.push(event)
      current.handedTo = page.at(-1)?.seq ?? current.handedTo
      if (page.length < PAGE) return
      await breathe()
    }
  }

  async function textOf(message: string): Promise<string> {
    for (;;) {
      const text = texts.get(message)
      if (text !== undefined) return text
      const page = mission.history({
        types: ['message.queued'],
        since: textsTo,
        oldestFirst: true,
        limit: PAGE,
      })
      for (const event of page) {
        if (event.type === 'message.queued' && !shown.has(event.message)) texts.set(event.message, event.text)
      }
      const last = page.at(-1)
      if (last === undefined) return '(its text is no longer kept)'
      textsTo = last.seq
      await breathe()
    }
  }

  function forget(message: string): void {
    shown.add(message)
    texts.delete(message)
  }

  return {
    async begin(run, offset) {
      if (run === current.run) return
      await look(run)
      const { handed } = current
      const first = handed.findIndex(({ heard }) => heard >= offset)
      for (const { message } of handed.splice(0, first < 0 ? handed.length : first)) forget(message)
    },
    async take(run, heard) {
      await look(run)
      const { handed } = current
      const later = handed.findIndex((each) => each.heard > heard)
      const sayings: Saying[] = []
      for (const { message, at } of handed.splice(0, later < 0 ? handed.length : later)) {
        if (shown.has(message)) continue
        sayings.push({ at, text: await textOf(message) })
        forget(message)
      }
      return sayings
    },
  }
}
